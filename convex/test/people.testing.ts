import {
  ACCOUNT_CONTROL_PATHS as PATHS,
  AccessGranted,
  CONTROL_PATHS,
  OAuthOutcome,
  RefreshOutcome,
  SignUpResult,
} from "@oa/contract";
import type * as z from "zod";
import { Control } from "./control.testing.ts";
import type { TestDeployment } from "./setup.testing.ts";

export const HASH = "scrypt$14$8$5$c2FsdA$aGFzaA";
export const CLIENT = { ip: "203.0.113.9", user_agent: "openclaw-token/0.9.0", place: null };

/** Their password was checked a moment ago. */
const PASSWORD = { kind: "password", proven_hash: HASH };

/** A hash that stands for the secret of this name. */
export function hashOf(name: string): string {
  return Array.from(name, (letter) => letter.charCodeAt(0).toString(16))
    .join("")
    .padEnd(64, "0")
    .slice(0, 64);
}

/** What the token of the browser a person signed up in says. */
export async function tokenOf(t: TestDeployment, user: string): Promise<{ subject: string; tv: number; sid: string }> {
  const sid = await t.run(async (ctx) => {
    const sessions = await ctx.db.query("sessions").collect();
    return sessions.find(({ user_id }) => user_id === user)?._id;
  });
  if (sid === undefined) throw new Error("they are signed in nowhere");
  return { subject: user, tv: 0, sid };
}

/** People and their programs, through the control endpoints. */
export class People {
  readonly control: Control;
  /** Hash of the session each of them signed up with, by user id. */
  readonly #sessions = new Map<string, string>();

  constructor(t: TestDeployment) {
    this.control = new Control(t);
  }

  /** A browser that signs up; its session's hash is made of the e-mail. */
  async signUp(email: string): Promise<string> {
    const session = { session_hash: hashOf(email), ip: null, user_agent: null };
    const body = { email, password_hash: HASH, session };
    const { user } = await this.control.ask(SignUpResult, CONTROL_PATHS.accountSignUp, { body });
    this.#sessions.set(user.user_id, session.session_hash);
    return user.user_id;
  }

  async editor(user: string, token: string): Promise<AccessGranted> {
    const body = { access: { kind: "editor", token_hash: hashOf(token) }, client: CLIENT, ground: PASSWORD };
    return await this.control.ask(AccessGranted, PATHS.accountAccess, { user, body });
  }

  async terminal(user: string, key: string): Promise<AccessGranted> {
    const access = { kind: "terminal", key_hash: hashOf(key), key_prefix: "sk-mgmt-0000" };
    const body = { access, client: CLIENT, ground: PASSWORD };
    return await this.control.ask(AccessGranted, PATHS.accountAccess, { user, body });
  }

  async refresh(token: string, next: string): Promise<z.output<typeof RefreshOutcome>["outcome"]> {
    const body = { token_hash: hashOf(token), next_hash: hashOf(next), client: CLIENT };
    return (await this.control.ask(RefreshOutcome, PATHS.refreshRotate, { body })).outcome;
  }

  /** Signs in with a provider, or links it to a user in the session they signed up with. `email` null: the provider has verified none. */
  async provider(subject: string, email: string | null, link?: string): Promise<OAuthOutcome> {
    const person = { provider: "github", subject, email, name: null, avatar_url: null };
    const body = {
      person,
      client: CLIENT,
      access: link === undefined ? { kind: "browser", session_hash: hashOf(`${subject}${crypto.randomUUID()}`) } : null,
      link: link === undefined ? null : { user_id: link, asked_by: this.#sessions.get(link) },
    };
    return await this.control.ask(OAuthOutcome, PATHS.oauthSignIn, { body });
  }
}
