import type { AuthEventType, MyAuthEvent } from "@oa/contract/accountsApi";

/** How an event of the account reads. `alert`: worth a second look when it was not you. */
export interface AuthEventView {
  title: string;
  tone: "plain" | "good" | "alert";
}

const VIEWS: Readonly<Record<AuthEventType, AuthEventView>> = {
  sign_up: { title: "Account created", tone: "good" },
  sign_in: { title: "Signed in", tone: "good" },
  sign_in_failed: { title: "Wrong password", tone: "alert" },
  sign_out: { title: "Signed out", tone: "plain" },
  sign_in_ended: { title: "A sign-in was ended", tone: "plain" },
  sign_out_everywhere: { title: "Signed out everywhere", tone: "plain" },
  password_changed: { title: "Password changed", tone: "alert" },
  password_reset_asked: { title: "Link for a new password asked for", tone: "alert" },
  password_reset: { title: "New password set by link", tone: "alert" },
  email_verified: { title: "E-mail verified", tone: "good" },
  identity_linked: { title: "Way to sign in added", tone: "alert" },
  identity_unlinked: { title: "Way to sign in removed", tone: "alert" },
  account_claimed: { title: "Account taken over by the owner of its e-mail", tone: "alert" },
  devices_unpaired: {
    title: "Your OpenClaw was stopped; whatever was paired with it has to be paired again",
    tone: "alert",
  },
  editor_connected: { title: "Editor signed in", tone: "good" },
  terminal_connected: { title: "Terminal signed in", tone: "good" },
  management_key_rotated: { title: "Key of a terminal replaced", tone: "plain" },
  refresh_token_reused: { title: "An old editor token was used again; that editor was signed out", tone: "alert" },
};

export function authEventView(type: AuthEventType): AuthEventView {
  return VIEWS[type];
}

/** "Firefox on macOS · Lisbon, PT · 203.0.113.9": what is known of where something came from. */
export function whereFrom({ device, place, ip }: Pick<MyAuthEvent, "device" | "place" | "ip">): string {
  return [device, place ?? "", ip ?? ""].filter((part) => part !== "").join(" · ");
}
