import { type DeviceClient, type DeviceLists, NO_EXPIRY, type PendingDevice } from "@oa/contract/runtime";

/** What a device is called and what it may do, in people's words. Everything a device says of itself is only text. */

const CLIENT_NAMES: Readonly<Record<string, string>> = {
  "openclaw-control-ui": "Control UI in a browser",
  webchat: "Web chat",
  "webchat-ui": "Web chat",
  "openclaw-tui": "Terminal chat",
  cli: "Command line",
  "node-host": "Computer (node)",
  "openclaw-ios": "iPhone or iPad app",
  "openclaw-watchos": "Apple Watch app",
  "openclaw-android": "Android app",
  "openclaw-macos": "Mac app",
  "openclaw-linux": "Linux app",
  "openclaw-browser-copilot": "Browser extension",
  "gateway-client": "Gateway client",
};

/** The name it gives itself, else what kind of client it is. */
export function deviceName(client: DeviceClient): string {
  const own = client.displayName?.trim();
  return own === undefined || own === "" ? clientKind(client) : own;
}

/** Kind of client, from OpenClaw's closed list; the raw id where it is new to us. */
export function clientKind(client: DeviceClient): string {
  return CLIENT_NAMES[client.id] ?? client.id;
}

/** "Mac app · macos · 2026.9.6": what kind it is (unless that is its name already), where it runs, its version. */
export function deviceFacts(client: DeviceClient): string {
  const kind = clientKind(client);
  const parts = [kind === deviceName(client) ? "" : kind, client.deviceFamily ?? client.platform, client.version ?? ""];
  return [...new Set(parts.map((part) => part.trim()).filter((part) => part !== ""))].join(" · ");
}

const SCOPE_WORDS: Readonly<Record<string, string>> = {
  "operator.admin": "Full control: settings, devices, and everything below",
  "operator.read": "Read conversations, sessions and status",
  "operator.write": "Talk to the agent and change sessions",
  "operator.approvals": "Allow commands that the agent asks to run",
  "operator.pairing": "Approve and remove other devices",
  "operator.questions": "Answer questions of the agent",
  "operator.talk": "Use voice",
  "operator.talk.secrets": "Read the keys of voice services",
};

export interface Permission {
  scope: string;
  words: string;
  /** Worth a second look before approving. */
  powerful: boolean;
}

/** What a role and its scopes allow, most powerful first. A node has no scopes, but runs what the agent sends it. */
export function permissions(role: string, scopes: readonly string[]): Permission[] {
  const own: Permission[] =
    role === "node" ? [{ scope: "node", words: "Lets the agent run commands on that device", powerful: false }] : [];
  const asked = scopes.map((scope) => ({
    scope,
    words: SCOPE_WORDS[scope] ?? scope,
    powerful: scope === "operator.admin" || scope === "operator.pairing" || scope === "operator.talk.secrets",
  }));
  return [...own, ...asked.filter((entry) => entry.powerful), ...asked.filter((entry) => !entry.powerful)];
}

/** Requests that can still be decided at `now`, oldest first: the one that runs out next is on top. */
export function openRequests(lists: DeviceLists, now: number): PendingDevice[] {
  return lists.pending.filter((request) => request.expiresAt > now).toSorted((a, b) => a.expiresAt - b.expiresAt);
}

/** True when a request runs out by itself; what a node asks for after its pairing waits until it is decided. */
export function runsOut(request: PendingDevice): boolean {
  return request.expiresAt !== NO_EXPIRY;
}

/** First eight characters: enough to compare two ids by eye. */
export function shortId(id: string): string {
  return id.length <= 8 ? id : `${id.slice(0, 8)}…`;
}
