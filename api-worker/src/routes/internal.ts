import {
  AccountNotice,
  AccountNoticeMailed,
  ApiError,
  API_PATHS,
  CreditAlertMail,
  CreditAlertMailed,
  ReconcileRequest,
  ReconcileResult,
  RuntimeEvent,
} from "@oa/contract";
import * as z from "zod";
import type { Services } from "../context.ts";
import { alertLetter, noticeLetter } from "../mail/letters.ts";
import type { Mail } from "../mail/mailer.ts";
import { mailerOf } from "../mail/mailer.ts";
import { reconcile } from "../reconcile/reconcile.ts";
import { route } from "../route.ts";

/** Whole lists of devices fit; a fleet sends them with every change. */
const MAX_EVENT_BYTES = 1024 * 1024;

/** Routes of the installation's own parts: Convex drives instances, fleets report what they see. */
export const internalRoutes = [
  route({
    method: "POST",
    path: API_PATHS.reconcile,
    gate: "internal",
    summary: "One pass of the reconciler over one instance",
    input: z.object({ body: ReconcileRequest }),
    answer: ReconcileResult,
    errors: ["control_unreachable"],
    handle: ({ input, services, requestId }) => reconcile(input.body, services, requestId),
  }),
  route({
    method: "POST",
    path: API_PATHS.creditAlertMail,
    gate: "internal",
    summary: "Mails one alert about credits to one person",
    input: z.object({ body: CreditAlertMail }),
    answer: CreditAlertMailed,
    errors: ["provider_unreachable"],
    handle: ({ input, services }) => mailed(services, (site) => alertLetter(input.body, site)),
  }),
  route({
    method: "POST",
    path: API_PATHS.accountNoticeMail,
    gate: "internal",
    summary: "Mails one change of the ways into an account to its address",
    input: z.object({ body: AccountNotice }),
    answer: AccountNoticeMailed,
    errors: ["provider_unreachable"],
    handle: ({ input, services }) => mailed(services, (site) => noticeLetter(input.body, site)),
  }),
  route({
    method: "POST",
    path: API_PATHS.events,
    gate: "fleet",
    summary: "What a fleet saw of one runtime",
    input: z.object({ body: RuntimeEvent }),
    maxBodyBytes: MAX_EVENT_BYTES,
    /** `accepted` is false for an incarnation that is no longer the current one. */
    answer: z.object({ accepted: z.boolean() }),
    errors: ["control_unreachable"],
    async handle({ input, services }) {
      return { accepted: await services.control.observe(input.body) };
    },
  }),
];

/**
 * Sends what Convex asks for, or says that nobody here can.
 *
 * @throws ApiError `provider_unreachable`: Convex asks again by its own clock.
 */
async function mailed(services: Services, letter: (site: string) => Mail): Promise<{ accepted: boolean }> {
  const { mail, publicUrl } = services.config.outside;
  if (mail === null || publicUrl === null) return { accepted: false };
  try {
    await mailerOf(services.config).send(letter(publicUrl));
  } catch {
    throw new ApiError("provider_unreachable", "The mail provider did not take the mail. Ask again later.");
  }
  return { accepted: true };
}
