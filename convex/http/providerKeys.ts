import { ModelProvider, ProviderKeyChange } from "@oa/contract";
import { internal } from "../_generated/api.js";
import type { ControlHandler } from "./gate.ts";
import { bodyOf, userOf } from "./request.ts";

/** Handlers of `/control/openclaw/instance/provider-keys`. No answer has a key in it. */

export const listProviderKeys: ControlHandler = async (ctx, request) =>
  await ctx.runQuery(internal.providerKeys.list, { user_id: userOf(request) });

export const changeProviderKeys: ControlHandler = async (ctx, request) => {
  const { keys } = bodyOf(ProviderKeyChange, request);
  return await ctx.runAction(internal.providerKeys.change, {
    user_id: userOf(request),
    changes: ModelProvider.options.flatMap((provider) => {
      const key = keys[provider];
      return key === undefined ? [] : [{ provider, key }];
    }),
    request_id: request.requestId,
  });
};

export const removeProviderKeys: ControlHandler = async (ctx, request) =>
  await ctx.runAction(internal.providerKeys.removeAll, { user_id: userOf(request), request_id: request.requestId });
