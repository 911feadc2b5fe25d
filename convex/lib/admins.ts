/** The addresses of `ADMIN_EMAILS`: comma-separated, in any case. */
export function adminEmails(variable: string | undefined): ReadonlySet<string> {
  const parts = (variable ?? "").split(",").map((part) => part.trim().toLowerCase());
  return new Set(parts.filter((part) => part !== ""));
}

/**
 * True for a user who may act for others. Only with a verified e-mail: anyone can sign up with an administrator's
 * address before its owner does.
 */
export function isAdmin(
  user: { email: string; email_verified_at?: number },
  variable: string | undefined = process.env.ADMIN_EMAILS,
): boolean {
  return user.email_verified_at !== undefined && adminEmails(variable).has(user.email);
}
