/** Typed reads of a syscall's arguments; a wrong shape is a sentence thrown into the caller. */
import type { JsonObject } from "../values/json.ts";
import { SyscallError } from "./errors.ts";

export function textArg(args: JsonObject, name: string): string {
  const value = args[name];
  if (typeof value !== "string") throw new SyscallError(`Invalid argument \`${name}\`: expected a string.`);
  return value;
}

export function optionalText(args: JsonObject, name: string): string | null {
  return typeof args[name] === "string" ? args[name] : null;
}

export function numberArg(args: JsonObject, name: string): number {
  const value = args[name];
  if (typeof value !== "number") throw new SyscallError(`Invalid argument \`${name}\`: expected a number.`);
  return value;
}

export function optionalNumber(args: JsonObject, name: string): number | null {
  return typeof args[name] === "number" ? args[name] : null;
}
