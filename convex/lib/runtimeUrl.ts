import { apiError } from "./errors.ts";

/**
 * Checks an address of a runtime and gives the one form in which two spellings of the same place are equal (no trailing
 * slash or default port, lower-case host, IPv4 dotted): uniqueness goes by it, while the row keeps the text as it came.
 *
 * Whoever dials it sends a secret along. Therefore: https, or http where the host is on this machine or a private
 * network; no user info, query or fragment; never a link-local address, where clouds keep their metadata. Refuses with
 * `invalid_request`.
 */
export function runtimePlaceOf(field: "runtime_url" | "gateway_url", text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const encrypted = url?.protocol === "https:" || url?.protocol === "wss:";
  const plain = url?.protocol === "http:" || url?.protocol === "ws:";
  if (url === null || !(encrypted || plain)) throw refused(field, "starts with https:// (or wss://)");
  if (url.username !== "" || url.password !== "") throw refused(field, "carries no user name or password");
  if (/[?#]/.test(text)) throw refused(field, "has no query and no fragment");
  if (isLinkLocal(url.hostname)) throw refused(field, "is not a link-local or unspecified address");
  if (plain && !isPrivate(url.hostname)) throw refused(field, "is encrypted (https) outside of private networks");
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, "")}`;
}

function refused(field: string, rule: string) {
  return apiError("invalid_request", `A ${field} ${rule}.`, { field });
}

/** `hostname` as URL gives it: IPv4 dotted, IPv6 compressed in brackets. */
function isLinkLocal(hostname: string): boolean {
  return (
    hostname.startsWith("169.254.") ||
    /^\[fe[89ab]/.test(hostname) ||
    hostname.startsWith("[::ffff:a9fe:") ||
    hostname === "[fd00:ec2::254]" ||
    hostname === "metadata.google.internal" ||
    hostname === "0.0.0.0" ||
    hostname === "[::]"
  );
}

function isPrivate(hostname: string): boolean {
  if (hostname === "localhost" || hostname.endsWith(".localhost") || hostname.endsWith(".internal")) return true;
  // A name without a dot is one of the local network's own (a compose service, a cluster's service).
  if (!hostname.includes(".") && !hostname.startsWith("[")) return true;
  if (hostname === "[::1]" || /^\[f[cd]/.test(hostname)) return true;
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(hostname)) return false;
  const [first = 0, second = 0] = hostname.split(".").map(Number);
  return (
    first === 127 || first === 10 || (first === 172 && second >= 16 && second < 32) || (first === 192 && second === 168)
  );
}
