import { LinkToken } from "@oa/contract/accountsApi";

/**
 * The secret of a mailed link, from the fragment of the page's address: a part that browsers never send. Null where the
 * link is not whole.
 */
export function fragmentToken(hash: string): string | null {
  const token = LinkToken.safeParse(new URLSearchParams(hash.replace(/^#/, "")).get("token"));
  return token.success ? token.data : null;
}
