import {
  ApiError,
  API_PATHS,
  CreditAlertMail,
  CreditAlertMailed,
  ReconcileRequest,
  ReconcileResult,
  RuntimeEvent,
} from "@oa/contract";
import * as z from "zod";
import { alertLetter } from "../mail/letters.ts";
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
    async handle({ input, services }) {
      const { mail, publicUrl } = services.config.outside;
      if (mail === null || publicUrl === null) return { accepted: false };
      const letter = alertLetter(input.body, publicUrl);
      try {
        await mailerOf(services.config).send(letter);
      } catch {
        throw new ApiError("provider_unreachable", "The mail provider did not take the mail. Ask again later.");
      }
      return { accepted: true };
    },
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
