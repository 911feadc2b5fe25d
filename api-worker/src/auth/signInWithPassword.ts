import type { Access, AccessGranted, ClientInfo, User } from "@oa/contract";
import type { ControlClient } from "../control/client.ts";
import { hashPassword, needsRehash, verifyPassword } from "./password.ts";

/** A person whose password fits: the stored hash it fits, and a stronger one of it where that is of yesterday. */
export interface Proven {
  user: User;
  proof: { proven_hash: string; rehash?: string };
}

interface Attempt {
  control: ControlClient;
  client: ClientInfo;
  after: (work: Promise<void>) => void;
}

/**
 * Checks an e-mail and a password; null where they do not fit. Hashes for an unknown e-mail too, so that neither the
 * answer nor its time tells who has an account. The owner sees the failure among their security events.
 */
export async function provePassword(attempt: Attempt, email: string, password: string): Promise<Proven | null> {
  const { control, client, after } = attempt;
  const credentials = await control.credentials(email);
  const right = verifyPassword(password, credentials?.password_hash ?? null);
  if (credentials === null) return null;
  const { user, password_hash } = credentials;
  if (!right) {
    after(control.signInFailed({ user_id: user.user_id, client }).catch(() => undefined));
    return null;
  }
  const rehash = needsRehash(password_hash) ? { rehash: hashPassword(password) } : {};
  return { user, proof: { proven_hash: password_hash, ...rehash } };
}

/** Opens an account for a program whose person has proved their password. */
export async function openWith(
  { control, client }: Attempt,
  { user, proof }: Proven,
  access: Access,
): Promise<AccessGranted> {
  return await control.openAccess({ user_id: user.user_id, access, client, ground: { kind: "password", ...proof } });
}
