import {
  ApiError,
  CLI_AUTH_PATHS,
  CliCredentials,
  CliLogIn,
  CliLoggedIn,
  CliLoggedOut,
  CliMe,
  CliRegistered,
  CliRotated,
} from "@oa/contract";
import * as z from "zod";
import { hashPassword } from "../auth/password.ts";
import { newManagementKey } from "../auth/secrets.ts";
import { openWith, provePassword } from "../auth/signInWithPassword.ts";
import { clientOf } from "../client.ts";
import { iso } from "../iso.ts";
import { perEmail, perIp, perUser } from "../limits.ts";
import { postVerification } from "../mail/post.ts";
import { NOTHING, document, route } from "../route.ts";
import type { Route } from "../route.ts";
import { underBoth } from "../wire.ts";

/** Accounts for the CLI, each path under `/` and under `/v1`. */
export const cliAuthRoutes: readonly Route[] = [
  document({
    path: "/v1",
    gate: "none",
    summary: "That the CLI's API is here",
    respond: (c) => Promise.resolve(c.json({ status: "ok" })),
  }),
  ...underBoth(CLI_AUTH_PATHS.register).map((path) =>
    route({
      method: "POST",
      path,
      gate: "open",
      summary: "Open an account from a terminal",
      input: z.object({ body: CliCredentials }),
      limits: ({ ip }) => perIp("sign_up_ip", ip),
      answer: CliRegistered,
      status: 201,
      errors: ["taken"],
      async handle({ input, services, c, after }) {
        const { email, password } = input.body;
        const key = newManagementKey();
        const { user } = await services.control.register({
          email,
          password_hash: hashPassword(password),
          access: { kind: "terminal", key_hash: key.hash, key_prefix: key.prefix },
          client: clientOf(c),
        });
        after(postVerification(services, user.user_id));
        return {
          management_key: key.token,
          email: user.email,
          user_id: user.user_id,
          created_at: iso(user.created_at),
        };
      },
    }),
  ),
  ...underBoth(CLI_AUTH_PATHS.logIn).map((path) =>
    route({
      method: "POST",
      path,
      gate: "open",
      summary: "Sign a terminal in; its key is shown once",
      input: z.object({ body: CliLogIn }),
      limits: ({ ip, input }) => [...perIp("sign_in_ip", ip), ...perEmail("sign_in_email", input.body.email)],
      answer: CliLoggedIn,
      errors: ["invalid_credentials", "conflict"],
      async handle({ input, services, c, after }) {
        const attempt = { control: services.control, client: clientOf(c), after };
        const proven = await provePassword(attempt, input.body.email, input.body.password);
        if (proven === null) throw new ApiError("invalid_credentials", "The e-mail or the password is wrong.");
        const key = newManagementKey();
        const { user } = await openWith(attempt, proven, {
          kind: "terminal",
          key_hash: key.hash,
          key_prefix: key.prefix,
        });
        return { management_key: key.token, email: user.email, user_id: user.user_id, last_login: iso(Date.now()) };
      },
    }),
  ),
  ...underBoth(CLI_AUTH_PATHS.me).map((path) =>
    route({
      method: "GET",
      path,
      gate: "management",
      summary: "Whose key this is",
      input: NOTHING,
      answer: CliMe,
      async handle({ granted, services }) {
        const { user, available_usd } = granted.access;
        const { keys_count } = await services.control.creditStanding(user.user_id);
        return {
          user_id: user.user_id,
          email: user.email,
          plan: "credits",
          credits_remaining: available_usd,
          keys_count,
          created_at: iso(user.created_at),
        };
      },
    }),
  ),
  ...underBoth(CLI_AUTH_PATHS.rotate).map((path) =>
    route({
      method: "POST",
      path,
      gate: "management",
      summary: "Put a new key in the place of this one, which is dead at once",
      input: NOTHING,
      limits: ({ granted }) => perUser("key_rotate_user", granted.access.user.user_id),
      answer: CliRotated,
      errors: ["unauthorized"],
      async handle({ granted, services, c }) {
        const next = newManagementKey();
        try {
          const { user } = await services.control.rotateKey({
            key_hash: granted.keyHash,
            next_hash: next.hash,
            next_prefix: next.prefix,
            client: clientOf(c),
          });
          return { management_key: next.token, email: user.email, rotated_at: iso(Date.now()) };
        } catch (error) {
          // Rotated by another call since the gate: that one's key is in force, this one's is dead.
          if (error instanceof ApiError && error.code === "not_found") {
            throw new ApiError("unauthorized", "This key was rotated a moment ago.");
          }
          throw error;
        }
      },
    }),
  ),
  ...underBoth(CLI_AUTH_PATHS.logOut).map((path) =>
    route({
      method: "POST",
      path,
      gate: "management",
      summary: "Sign this terminal out",
      input: NOTHING,
      answer: CliLoggedOut,
      async handle({ granted, services }) {
        await services.control.endKey(granted.keyHash);
        return { revoked: true as const };
      },
    }),
  ),
];
