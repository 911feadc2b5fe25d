import * as z from "zod";

const ADDRESS = /^[^\s@<>",;]+@[^\s@<>",;]+\.[^\s@<>",;]+$/;

/** `email@example.com` or `Name <email@example.com>`. */
function isAddress(text: string): boolean {
  const inBrackets = /^[^<>]*<([^<>]+)>$/.exec(text.trim())?.[1];
  return ADDRESS.test(inBrackets ?? text.trim());
}

const Address = z.string().refine(isAddress);
/** One address or several. */
const addresses = (most: number) => z.union([Address.transform((one) => [one]), z.array(Address).min(1).max(most)]);

/** The body of `POST /emails`, as far as a mail of text can use it: https://resend.com/docs/api-reference/emails/send-email. */
export const NewMail = z.looseObject({
  from: Address,
  to: addresses(50),
  subject: z.string().min(1),
  html: z.string().nullish(),
  text: z.string().nullish(),
  cc: addresses(50).nullish(),
  bcc: addresses(50).nullish(),
  reply_to: addresses(50).nullish(),
  headers: z.record(z.string(), z.string()).nullish(),
  tags: z.array(z.strictObject({ name: z.string().regex(/^[A-Za-z0-9_-]{1,256}$/), value: z.string() })).nullish(),
});
export type NewMail = z.infer<typeof NewMail>;

/** A mail that was accepted. */
export interface Mail {
  id: string;
  /** Milliseconds since 1970. */
  at: number;
  from: string;
  to: readonly string[];
  subject: string;
  html: string | null;
  text: string | null;
  cc: readonly string[];
  bcc: readonly string[];
  reply_to: readonly string[];
  headers: Readonly<Record<string, string>>;
  /** Every http(s) address in the mail, in order, once each. */
  links: readonly string[];
}

/** A mail as it is kept. */
export function acceptedMail(id: string, at: number, mail: NewMail): Mail {
  const html = mail.html ?? null;
  const text = mail.text ?? null;
  return {
    id,
    at,
    from: mail.from,
    to: mail.to,
    subject: mail.subject,
    html,
    text,
    cc: mail.cc ?? [],
    bcc: mail.bcc ?? [],
    reply_to: mail.reply_to ?? [],
    headers: mail.headers ?? {},
    links: [...new Set([...linksInText(text ?? ""), ...linksInHtml(html ?? "")])],
  };
}

/** A web address up to white space, quotes or brackets; a full stop or comma at its end belongs to the sentence. */
const LINK = /https?:\/\/[^\s<>"'`]*[^\s<>"'`.,;:!?)\]]/g;

/** The web addresses in plain text. */
export function linksInText(text: string): string[] {
  return text.match(LINK) ?? [];
}

function linksInHtml(html: string): string[] {
  return Array.from(html.matchAll(/\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')/gi), (found) =>
    (found[1] ?? found[2] ?? "").replaceAll("&amp;", "&"),
  ).filter((link) => /^https?:\/\//.test(link));
}
