import { spawn } from "node:child_process";
import type { DoubleName } from "./doubles.ts";
import type { Stack } from "./stack.ts";

/** What each double stands for, in the words of the settings. */
const STANDS_FOR: Readonly<Record<DoubleName, string>> = {
  github: "GitHub",
  google: "Google",
  mail: "mail",
  upstream: "models",
};

/** What a person is told when everything answers. Lines of at most 78 characters, so that no terminal breaks them. */
export function announcement({ url, doubles }: Pick<Stack, "url" | "doubles">, seconds: number): string[] {
  const names = Object.keys(doubles).flatMap((name) => (isDouble(name) ? [STANDS_FOR[name]] : []));
  return [
    "",
    `Ready in ${seconds.toFixed(1)} s:  ${url}`,
    "",
    "Sign up there, then press Create. A new account has $5.00.",
    ...(names.length === 0 ? [] : [`Stand-ins answer for ${names.join(", ")}; .env sets the real ones.`]),
    ...(doubles.upstream === undefined ? [] : ["  models  repeat what they are told; INFERENCE_ENDPOINT ends that"]),
    ...(doubles.mail === undefined ? [] : [`  mail    is not sent, but shown at ${doubles.mail}/outbox`]),
    "No payment provider is connected.",
    "Ctrl-C stops everything and keeps the data.",
  ];
}

function isDouble(name: string): name is DoubleName {
  return name in STANDS_FOR;
}

/** Opens the page where there is a screen and a person before it. */
export function openBrowser(url: string): void {
  const hasScreen =
    process.platform !== "linux" || process.env.DISPLAY !== undefined || process.env.WAYLAND_DISPLAY !== undefined;
  if (!hasScreen || process.env.CI !== undefined || !process.stdout.isTTY) return;
  const [command, ...args] =
    process.platform === "darwin"
      ? ["open", url]
      : process.platform === "win32"
        ? ["cmd", "/c", "start", url]
        : ["xdg-open", url];
  if (command === undefined) return;
  const child = spawn(command, args, { stdio: "ignore", detached: true });
  // No opener on this machine: the address stands on the terminal.
  child.on("error", () => undefined);
  child.unref();
}
