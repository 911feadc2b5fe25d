import { createHash } from "node:crypto";
import type { FaultKind } from "../kit/faults.ts";

/** An e-mail address of a person, as the provider knows it. */
export interface PersonEmail {
  email: string;
  primary: boolean;
  verified: boolean;
}

/** Someone who can sign in at a double. */
export interface Person {
  /** Value of the button, and what `/double/device` takes. */
  key: string;
  /** What the case is, in the words of the button. */
  about: string;
  /** Never changes and never returns: what an account is bound to. */
  id: number;
  login: string;
  name: string | null;
  emails: readonly [PersonEmail, ...PersonEmail[]];
  /** Whether the profile shows the primary e-mail to everyone. */
  emailIsPublic: boolean;
  /** How the provider's API behaves when it is asked about this person. */
  fault: FaultKind | null;
}

/** The people on the sign-in pages: one a case that an application must get right. */
export const PRESET_PEOPLE: readonly Person[] = [
  preset(1001, "verified", "One verified e-mail"),
  preset(1002, "unverified", "The only e-mail is not verified", { verified: false }),
  {
    ...preset(1003, "several", "Several e-mails, one of them not verified"),
    emails: [
      { email: "several@double.test", primary: true, verified: true },
      { email: "several.work@double.test", primary: false, verified: true },
      { email: "verified@double.test", primary: false, verified: false },
    ],
  },
  { ...preset(1004, "private", "No name, e-mail not shown on the profile"), name: null, emailIsPublic: false },
  { ...preset(1005, "slow", "The API answers after three seconds"), fault: "slow" },
  { ...preset(1006, "failing", "The API answers 500"), fault: "error" },
  { ...preset(1007, "hanging", "The API never answers"), fault: "hang" },
];

function preset(id: number, key: string, about: string, options: { verified: boolean } = { verified: true }): Person {
  return {
    key,
    about,
    id,
    login: `${key}-person`,
    name: `${key.charAt(0).toUpperCase()}${key.slice(1)} Person`,
    emails: [{ email: `${key}@double.test`, primary: true, verified: options.verified }],
    emailIsPublic: true,
    fault: null,
  };
}

const EMAIL = /^[^\s@<>"]+@[^\s@<>"]+$/;

/**
 * The preset with this key or primary e-mail; else, for an e-mail address, someone who has just that one, verified or not;
 * else null.
 */
export function findPerson(keyOrEmail: string, verified: boolean): Person | null {
  const email = keyOrEmail.trim().toLowerCase();
  const found = PRESET_PEOPLE.find((person) => person.key === email || person.emails[0].email === email);
  if (found !== undefined) return found;
  if (email.length > 254 || !EMAIL.test(email)) return null;
  const digest = createHash("sha256").update(email).digest();
  return {
    key: email,
    about: "Typed in",
    // The same address is the same person at every start; beyond the presets' ids.
    id: 1_000_000 + digest.readUIntBE(0, 4),
    login: `${email.split("@", 1)[0]?.replaceAll(/[^a-z0-9]+/g, "-") ?? "person"}-${digest.toString("hex", 0, 2)}`,
    name: null,
    emails: [{ email, primary: true, verified }],
    emailIsPublic: false,
    fault: null,
  };
}
