import {
  Accepted,
  CliCreateKey,
  CliRotateKey,
  CliUpdateKey,
  KeyAnswer,
  KeyHash,
  PathId,
  WEB_CREDIT_PATHS,
  WebKeySecret,
  WebModels,
} from "@oa/contract";
import * as z from "zod";
import { KEY_ERRORS, changeKey, makeKey, revokeKey, rotateKey } from "../credits/keys.ts";
import type { KeyAndSecret } from "../credits/keys.ts";
import { offeredModels } from "../inference/models.ts";
import { perUser } from "../limits.ts";
import { modelsForGateway } from "../reconcile/modelPlan.ts";
import { NOTHING, route } from "../route.ts";
import { creditFiles } from "./creditFiles.ts";

const OfKey = z.object({ hash: KeyHash });

/** Keys, exports and alerts on the page. What it lists it reads from Convex itself. */
export const webCreditRoutes = [
  route({
    method: "POST",
    path: WEB_CREDIT_PATHS.webKeys,
    gate: "session",
    summary: "Make a key; it is shown once",
    input: z.object({ body: CliCreateKey }),
    limits: ({ granted }) => perUser("provisioned_key_user", granted.user.user_id),
    answer: WebKeySecret,
    status: 201,
    errors: ["taken", "conflict"],
    handle: async (call) => shown(await makeKey(call, call.input.body, Date.now())),
  }),
  route({
    method: "POST",
    path: WEB_CREDIT_PATHS.webKey,
    gate: "session",
    summary: "Change a key's name, limit, reset or end, or put it out of use for a while",
    input: z.object({ params: OfKey, body: CliUpdateKey }),
    answer: KeyAnswer,
    errors: [...KEY_ERRORS, "taken"],
    handle: async (call) => ({ key: await changeKey(call, call.input.params.hash, call.input.body, Date.now()) }),
  }),
  route({
    method: "DELETE",
    path: WEB_CREDIT_PATHS.webKey,
    gate: "session",
    summary: "Revoke a key for good",
    input: z.object({ params: OfKey }),
    answer: KeyAnswer,
    errors: KEY_ERRORS,
    handle: async (call) => ({ key: await revokeKey(call, call.input.params.hash) }),
  }),
  route({
    method: "POST",
    path: WEB_CREDIT_PATHS.webKeyRotate,
    gate: "session",
    summary: "Put a new secret in the place of a key's; shown once, hash and settings stay",
    input: z.object({ params: OfKey, body: CliRotateKey }),
    limits: ({ granted }) => perUser("provisioned_key_user", granted.user.user_id),
    answer: WebKeySecret,
    errors: KEY_ERRORS,
    handle: async (call) => shown(await rotateKey(call, call.input.params.hash, call.input.body.grace_seconds)),
  }),
  route({
    method: "GET",
    path: WEB_CREDIT_PATHS.webModels,
    gate: "session",
    summary: "The models that keys can call, and what they cost",
    input: NOTHING,
    answer: WebModels,
    errors: ["control_unreachable"],
    async handle({ services: { config, control } }) {
      const { inference } = config;
      const models = inference === null ? [] : await offeredModels(inference, control, Date.now());
      // What a gateway would talk with by default, in the operator's order; a short prompt fits every other one, too.
      const example = modelsForGateway(models, inference?.models ?? null)[0] ?? models[0];
      return { models: [...models], example: example?.id ?? null };
    },
  }),
  ...creditFiles("session", {
    ledger: [WEB_CREDIT_PATHS.webLedgerExport],
    usage: [WEB_CREDIT_PATHS.webUsageExport],
  }),
  route({
    method: "POST",
    path: WEB_CREDIT_PATHS.webAlertSeen,
    gate: "session",
    summary: "Put an alert away",
    input: z.object({ params: z.object({ alertId: PathId }) }),
    answer: Accepted,
    errors: ["not_found"],
    async handle({ granted, input, services }) {
      await services.control.markAlertSeen(granted.user.user_id, input.params.alertId);
      return { accepted: true as const };
    },
  }),
];

function shown({ key, secret }: KeyAndSecret): z.input<typeof WebKeySecret> {
  return { hash: key.hash, name: key.name, key: secret };
}
