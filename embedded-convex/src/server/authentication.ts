/**
 * Who calls: `Bearer <jwt>` is a user of the app, `Convex <adminKey>[:<base64 JSON identity>]` its developer, who may
 * act as a user. Used for the Authorization header and for the sync protocol's Authenticate message.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { EngineError, type Identity, type Json } from "../engine/types.ts";
import { jsonObject, parseJson } from "./http.ts";
import type { TokenVerifier } from "./jwt.ts";

export interface Authenticator {
  /** A missing header is nobody. @throws EngineError 401 for a header that is not good. */
  fromHeader(header: string | null): Promise<Identity>;
  /** @throws EngineError 401. */
  user(token: string): Promise<Identity>;
  /** @throws EngineError 401 "BadDeployKey". */
  admin(key: string, actingAs: { [key: string]: Json } | null): Identity;
}

export function createAuthenticator(adminKey: string, tokens: TokenVerifier): Authenticator {
  const expected = digest(adminKey);

  function admin(key: string, actingAs: { [key: string]: Json } | null): Identity {
    if (!timingSafeEqual(digest(key), expected)) {
      throw new EngineError("BadDeployKey", "The admin key given is not the key of this deployment.", 401);
    }
    return { kind: "admin", actingAs };
  }

  return {
    async fromHeader(header) {
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
      return { ...known, actingAs: decodeIdentity(value.slice(colon + 1)) };
    },
    user: (token) => tokens.verify(token),
    admin,
  };
}

/** Equal lengths for `timingSafeEqual`, whatever was sent. */
function digest(value: string): Buffer {
  return createHash("sha256").update(value).digest();
}

function decodeIdentity(encoded: string): { [key: string]: Json } {
  return parseJson(Buffer.from(encoded, "base64").toString("utf8"), jsonObject);
}

/** Whether `identity` proved the admin key, acting as a user or not. */
export function isAdmin(identity: Identity): boolean {
  return identity.kind === "admin";
}
