import { editorToken } from "../../src/auth/editorToken.ts";
import { newManagementKey } from "../../src/auth/secrets.ts";
import { sha256Hex } from "../../src/secretEqual.ts";
import { ORIGIN } from "./world.ts";
import type { Answer, TestWorld } from "./world.ts";

/** One request in someone's name. */
export type Sender = (method: string, path: string, body?: unknown) => Promise<Answer>;

/** A terminal of this user: its management key, and requests with it. */
export async function terminalOf(
  world: TestWorld,
  userId: string,
): Promise<{ headers: Record<string, string>; send: Sender }> {
  const { token, hash } = newManagementKey();
  await world.set(["convex", "terminals", hash], userId);
  const headers = { authorization: `Bearer ${token}` };
  return { headers, send: senderWith(world, headers) };
}

/** An editor of this user. */
export async function editorOf(world: TestWorld, userId: string): Promise<Sender> {
  await world.set(["convex", "editors", "family1"], userId);
  const config = {
    privateKey: String(world.env["OA_CONVEX_JWT_PRIVATE_KEY"]),
    issuer: String(world.env["OA_CONVEX_JWT_ISSUER"]),
    keyId: null,
    previousKeys: [],
  };
  const token = await editorToken(config, { sub: userId, sid: "family1", tv: 1, jti: "j1" }, Date.now());
  return senderWith(world, { authorization: `Bearer ${token}` });
}

/** A browser of this user, on a page of the site. */
export async function browserOf(
  world: TestWorld,
  userId: string,
): Promise<{ headers: Record<string, string>; send: Sender }> {
  const token = userId.padEnd(43, "t");
  const user = { user_id: userId, email: `${userId}@example.com`, created_at: 1 };
  const { users } = (await world.state()).convex;
  await world.set(["convex", "users"], [...users, { user, password_hash: "" }]);
  await world.set(["convex", "sessions", sha256Hex(token)], { user_id: userId, user_agent: null, ip: null });
  const headers = { cookie: `__Host-sid=${token}`, origin: ORIGIN };
  return { headers, send: senderWith(world, headers) };
}

function senderWith(world: TestWorld, headers: Record<string, string>): Sender {
  return (method, path, body) => world.send(method, path, { headers, ...(body !== undefined && { body }) });
}
