import { API_PATHS, ApiError, InstanceAccepted, ModelProvider, ProviderKeyChange, ProviderKeyList } from "@oa/contract";
import * as z from "zod";
import { audited } from "../audit.ts";
import { newProvisionedSecret } from "../auth/secrets.ts";
import { perUser } from "../limits.ts";
import { NOTHING, route } from "../route.ts";

const ERRORS = ["no_instance", "conflict", "secret_corrupt", "control_unreachable"] as const;

/** With whose keys a hosted OpenClaw calls models. Keys go in and never come out: what is answered is their last four characters. */
export const providerKeyRoutes = [
  route({
    method: "GET",
    path: API_PATHS.providerKeys,
    gate: "actor",
    summary: "Your own provider keys, by name and last four",
    input: NOTHING,
    answer: ProviderKeyList,
    errors: ["no_instance", "control_unreachable"],
    handle: ({ services, granted }) => services.control.providerKeys(granted.userId),
  }),
  route({
    method: "PUT",
    path: API_PATHS.providerKeys,
    gate: "actor",
    summary:
      "Store, replace or (with null) remove provider keys of your own; while there is one, models cost no credits",
    input: z.object({ body: ProviderKeyChange }),
    answer: ProviderKeyList,
    errors: ERRORS,
    limits: ({ granted }) => perUser("provisioned_key_user", granted.userId),
    async handle(call) {
      const { services, granted, input } = call;
      if (!services.fleet.takesModels) {
        throw new ApiError("conflict", "The configured runtime has models of its own: keys are set where it is run.");
      }
      const act = { action: "provider_keys.store", target: Object.keys(input.body.keys).join(",") };
      return await audited(call, act, () => services.control.changeProviderKeys(granted.userId, input.body));
    },
  }),
  route({
    method: "DELETE",
    path: API_PATHS.providerKeys,
    gate: "actor",
    summary: "Remove one of your provider keys, or all; with the last one gone models run on credits again",
    input: z.object({ query: z.object({ provider: ModelProvider.optional() }) }),
    answer: ProviderKeyList,
    errors: ERRORS,
    async handle(call) {
      const { provider } = call.input.query;
      const { userId } = call.granted;
      const { control } = call.services;
      return await audited(call, { action: "provider_keys.remove", target: provider ?? null }, () =>
        provider === undefined
          ? control.removeProviderKeys(userId)
          : control.changeProviderKeys(userId, { keys: { [provider]: null } }),
      );
    },
  }),
  route({
    method: "POST",
    path: API_PATHS.inferenceKeyRotate,
    gate: "actor",
    summary:
      "A new key for your OpenClaw's model calls on credits; it is handed over without a restart, the old one works for ten more minutes",
    input: NOTHING,
    answer: InstanceAccepted,
    status: 202,
    errors: ERRORS,
    limits: ({ granted }) => perUser("key_rotate_user", granted.userId),
    async handle(call) {
      const { userId } = call.granted;
      const { control } = call.services;
      const instance = await control.instanceOf(userId);
      if (instance === null) throw new ApiError("no_instance", "You have no OpenClaw yet. Create one first.");
      if (!instance.has_inference_key) {
        throw new ApiError("conflict", "This OpenClaw has never run on credits: it has no key of ours to replace.");
      }
      // Stored first: the reconciler makes what is stored the account's key and hands it over, and finds it after any crash.
      const value = newProvisionedSecret().token;
      await audited(call, { action: "inference_key.rotate", target: null }, () =>
        control.storeSecret(userId, { key: "inference_key", value, generation: instance.generation }),
      );
      return { instance };
    },
  }),
];
