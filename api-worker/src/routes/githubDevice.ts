import { ApiError, CLI_AUTH_PATHS, CliUserInfo, DeviceCode, DeviceTokenRequest, GithubDeviceToken } from "@oa/contract";
import * as z from "zod";
import { openCode, sealCode } from "../auth/sealedCode.ts";
import { bearerOf, newManagementKey, newSecret } from "../auth/secrets.ts";
import { clientOf } from "../client.ts";
import type { Services } from "../context.ts";
import { perIp } from "../limits.ts";
import { OAuthProblem } from "../oauthProblem.ts";
import type { ProviderConfig } from "../outsideConfig.ts";
import { pollGithubDevice, startGithubDevice } from "../providers/githubDevice.ts";
import { notConfigured } from "../providers/provider.ts";
import { NOTHING, route } from "../route.ts";
import type { Route } from "../route.ts";
import { sha256Hex } from "../secretEqual.ts";
import { underBoth } from "../wire.ts";

/**
 * GitHub's device flow for the CLI. GitHub's codes and tokens stay here; the CLI has a device code of ours, and what a flow
 * earned goes to nobody but who holds that.
 */
export const githubDeviceRoutes: readonly Route[] = [
  ...underBoth(CLI_AUTH_PATHS.githubDeviceCode).map((path) =>
    route({
      method: "POST",
      path,
      gate: "open",
      summary: "Begin to sign a terminal in with GitHub",
      input: z.object({ body: z.object({ client_id: z.string().max(200).optional() }) }),
      limits: ({ ip }) => perIp("device_start_ip", ip),
      answer: DeviceCode,
      errors: ["provider_unreachable", "provider_error", "not_configured"],
      async handle({ input, services }) {
        const github = githubOf(services);
        const { client_id } = input.body;
        // What the published CLI sends; the id that counts is the server's own.
        if (client_id !== undefined && client_id !== github.clientId && client_id !== "openclaw-cli") {
          throw new ApiError("invalid_request", "client_id: leave it out, or send this installation's own.");
        }
        const started = await startGithubDevice(github);
        if ("disabled" in started) throw new OAuthProblem("device_flow_disabled");
        const { device_code, user_code, verification_uri, expires_in, interval } = started;
        const own = newSecret();
        await services.control.startGithubDevice({
          ticket_hash: own.hash,
          sealed_code: await sealCode(own.token, device_code),
          interval_s: interval,
          expires_in_s: expires_in,
        });
        return { device_code: own.token, user_code, verification_uri, expires_in, interval };
      },
    }),
  ),
  ...underBoth(CLI_AUTH_PATHS.githubDeviceToken).map((path) =>
    route({
      method: "POST",
      path,
      gate: "open",
      summary: "Poll until GitHub says who it is",
      input: z.object({ body: DeviceTokenRequest }),
      limits: ({ ip }) => perIp("flow_poll_ip", ip),
      answer: GithubDeviceToken,
      errors: ["provider_unreachable", "provider_error", "not_configured", "email_required"],
      async handle({ input, services, c }) {
        const github = githubOf(services);
        const { control } = services;
        const secret = input.body.device_code;
        const ticketHash = sha256Hex(secret);
        const turn = await control.pollGithubDevice(ticketHash);
        if (turn.outcome === "slow_down") throw new OAuthProblem("slow_down", turn.interval_s);
        if (turn.outcome !== "ask") throw new OAuthProblem("bad_device_code");
        const poll = await pollGithubDevice(github, await openCode(secret, turn.sealed_code));
        if (poll.kind === "waiting") throw new OAuthProblem(poll.slowDown ? "slow_down" : "authorization_pending");
        if (poll.kind === "over") {
          await control.dropGithubDevice(ticketHash);
          throw new OAuthProblem(poll.why);
        }
        const grant = newSecret();
        const result = await control.finishGithubDevice({
          ticket_hash: ticketHash,
          grant_hash: grant.hash,
          person: poll.person,
          client: clientOf(c),
        });
        if (result.outcome !== "signed_in") {
          throw new ApiError("email_required", "Your GitHub account has no verified primary e-mail. Verify one there.");
        }
        return { access_token: grant.token, token_type: "bearer" as const };
      },
    }),
  ),
  ...underBoth(CLI_AUTH_PATHS.userInfo).map((path) =>
    route({
      method: "GET",
      path,
      gate: "open",
      summary: "Turn the device flow's token into a management key, once",
      input: NOTHING,
      limits: ({ ip }) => perIp("flow_poll_ip", ip),
      answer: CliUserInfo,
      errors: ["unauthorized"],
      async handle({ services, c }) {
        const token = bearerOf(c.req.header("authorization"));
        const key = newManagementKey();
        const info =
          token === null
            ? null
            : await services.control.takeUserInfo({
                grant_hash: sha256Hex(token),
                access: { kind: "terminal", key_hash: key.hash, key_prefix: key.prefix },
                client: clientOf(c),
              });
        if (info === null) throw new ApiError("unauthorized", "That token is unknown or has been used. Sign in again.");
        const { user } = info.access;
        return {
          management_key: key.token,
          email: user.email,
          user_id: user.user_id,
          name: info.name,
          avatar_url: info.avatar_url,
          merged: info.merged,
        };
      },
    }),
  ),
];

/** @throws ApiError `not_configured` */
function githubOf(services: Services): ProviderConfig {
  const { github } = services.config.outside;
  if (github === null) throw notConfigured("github");
  return github;
}
