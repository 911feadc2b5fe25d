/**
 * Who calls: `Bearer <jwt>` is a user of the app, `Convex <adminKey>[:<base64 JSON identity>]` its developer, who may
 * act as a user. Used for the Authorization header and for the sync protocol's Authenticate message.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { EngineError, type Identity } from "../engine/types.ts";
import type { JsonObject } from "../engine/values/json.ts";
import { jsonObject, parseJson } from "./http.ts";
import type { TokenVerifier } from "./jwt.ts";

export type Authenticator = ReturnType<typeof createAuthenticator>;

export function createAuthenticator(adminKey: string, tokens: TokenVerifier) {
  const expected = digest(adminKey);

  /** @throws EngineError 401 "BadDeployKey". */
  function admin(key: string, actingAs: JsonObject | null): Extract<Identity, { kind: "admin" }> {
    if (!timingSafeEqual(digest(key), expected)) {
      throw new EngineError("BadDeployKey", "The admin key given is not the key of this deployment.", 401);
    }
    return { kind: "admin", actingAs };
  }

  return {
    /** A missing header is nobody. @throws EngineError 401 for a header that is not good. */
    async fromHeader(header: string | null): Promise<Identity> {
      if (header === null) return { kind: "none" };
      const space = header.indexOf(" ");
      const scheme = header.slice(0, space).toLowerCase();
      const value = header.slice(space + 1).trim();
      if (scheme === "bearer") return tokens.verify(value);
      if (scheme !== "convex") {
        const message = "The Authorization header must start with `Bearer` or `Convex`.";
        throw new EngineError("InvalidAuthHeader", message, 401);
      }
      const colon = value.indexOf(":");
      if (colon === -1) return admin(value, null);
      // The key is checked before the identity is looked at: nobody else learns what the parser thinks of it.
      const known = admin(value.slice(0, colon), null);
      const actingAs = Buffer.from(value.slice(colon + 1), "base64").toString("utf8");
      return { ...known, actingAs: parseJson(actingAs, jsonObject) };
    },
    /** @throws EngineError 401. */
    user: (token: string) => tokens.verify(token),
    admin,
  };
}

/** Equal lengths for `timingSafeEqual`, whatever was sent. */
function digest(value: string): Buffer {
  return createHash("sha256").update(value).digest();
}

/** Whether `identity` proved the admin key, acting as a user or not. */
export function isAdmin(identity: Identity): boolean {
  return identity.kind === "admin";
}
