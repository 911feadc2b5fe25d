import {
  ApiError,
  CLI_CREDIT_PATHS,
  CliCreateKey,
  CliKey,
  CliKeyCreated,
  CliKeyInfo,
  CliKeyList,
  CliKeyRevoked,
  CliRotateKey,
  CliUpdateKey,
  KeyHash,
} from "@oa/contract";
import * as z from "zod";
import { cliKey, cliKeyInfo } from "../credits/cliViews.ts";
import { KEY_ERRORS, changeKey, makeKey, revokeKey, rotateKey } from "../credits/keys.ts";
import type { KeyAndSecret } from "../credits/keys.ts";
import { iso, isoOrNull } from "../iso.ts";
import { perUser } from "../limits.ts";
import { NOTHING, route } from "../route.ts";
import type { Route } from "../route.ts";
import { underBoth } from "../wire.ts";

const OfKey = z.object({ hash: KeyHash });
const KEY_NAMES = { not_found: "KEY_NOT_FOUND", expired: "KEY_REVOKED", taken: "KEY_NAME_EXISTS" } as const;

/** Provisioned keys for the CLI, each path under `/` and under `/v1`. */
export const cliKeyRoutes: readonly Route[] = [
  ...underBoth(CLI_CREDIT_PATHS.keys).flatMap((path) => [
    route({
      method: "GET",
      path,
      gate: "management",
      summary: "Your keys; revoked ones only where they are asked for",
      input: z.object({ query: z.object({ include_revoked: z.enum(["true", "false"]).default("false") }) }),
      answer: CliKeyList,
      async handle({ granted, input, services }) {
        const withRevoked = input.query.include_revoked === "true";
        const keys = await services.control.provisionedKeys(granted.access.user.user_id, withRevoked);
        return { items: keys.map(cliKey), total: keys.length };
      },
    }),
    route({
      method: "POST",
      path,
      gate: "management",
      summary: "Make a key; it is shown once",
      input: z.object({ body: CliCreateKey }),
      limits: ({ granted }) => perUser("provisioned_key_user", granted.access.user.user_id),
      answer: CliKeyCreated,
      status: 201,
      errors: ["taken", "conflict"],
      codeNames: KEY_NAMES,
      handle: async (call) => created(await makeKey(call, call.input.body, Date.now())),
    }),
  ]),
  ...underBoth(CLI_CREDIT_PATHS.key).flatMap((path) => [
    route({
      method: "GET",
      path,
      gate: "management",
      summary: "A key, and what it spent: today, this week, this month, on which models",
      input: z.object({ params: OfKey }),
      answer: CliKeyInfo,
      errors: ["not_found"],
      codeNames: KEY_NAMES,
      handle: async ({ granted, input, services }) =>
        cliKeyInfo(await services.control.provisionedKey(granted.access.user.user_id, input.params.hash)),
    }),
    route({
      method: "PATCH",
      path,
      gate: "management",
      summary: "Change a key's name, limit, reset or end, or put it out of use for a while",
      input: z.object({ params: OfKey, body: CliUpdateKey }),
      answer: CliKey,
      errors: [...KEY_ERRORS, "taken"],
      codeNames: KEY_NAMES,
      handle: async (call) => cliKey(await changeKey(call, call.input.params.hash, call.input.body, Date.now())),
    }),
    route({
      method: "DELETE",
      path,
      gate: "management",
      summary: "Revoke a key for good",
      input: z.object({ params: OfKey }),
      answer: CliKeyRevoked,
      errors: KEY_ERRORS,
      codeNames: { ...KEY_NAMES, expired: "KEY_ALREADY_REVOKED" },
      async handle(call) {
        const key = await revokeKey(call, call.input.params.hash);
        return {
          hash: key.hash,
          name: key.name,
          revoked: true as const,
          revoked_at: iso(key.revoked_at ?? Date.now()),
        };
      },
    }),
  ]),
  ...underBoth(CLI_CREDIT_PATHS.keyRotate).map((path) =>
    route({
      method: "POST",
      path,
      gate: "management",
      summary: "Put a new secret in the place of a key's; shown once, hash and settings stay",
      input: z.object({ params: OfKey, body: CliRotateKey }),
      limits: ({ granted }) => perUser("provisioned_key_user", granted.access.user.user_id),
      answer: CliKeyCreated,
      errors: KEY_ERRORS,
      codeNames: KEY_NAMES,
      handle: async (call) => created(await rotateKey(call, call.input.params.hash, call.input.body.grace_seconds)),
    }),
  ),
  ...underBoth(CLI_CREDIT_PATHS.self).map((path) =>
    route({
      method: "GET",
      path,
      gate: "spender",
      summary: "What a program can learn of its own key: limits, and what it spent",
      input: NOTHING,
      answer: CliKeyInfo,
      async handle({ granted, services }) {
        const { userId, keyId } = granted;
        if (keyId === null) throw new ApiError("unauthorized", "Send the key itself: Authorization: Bearer sk-prov-…");
        return cliKeyInfo(await services.control.provisionedKey(userId, keyId));
      },
    }),
  ),
];

function created({ key, secret }: KeyAndSecret): z.input<typeof CliKeyCreated> {
  return { ...cliKey(key), key: secret, rotated_at: isoOrNull(key.rotated_at) };
}
