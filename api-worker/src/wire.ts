import { CLI_AUTH_PATHS, EDITOR_PATHS, INFERENCE_PATHS, cliCode } from "@oa/contract";
import type { ApiError, ErrorCode } from "@oa/contract";
import { errorBody, okBody } from "@oa/contract";
import { openaiErrorBody } from "./openaiError.ts";

/**
 * The forms of an answer.
 * - `envelope`: `{ ok, data | error }`.
 * - `editor`: the bare object, `{ error }`.
 * - `cli`: `{ data }`, `{ error }` with the CLI's codes.
 * - `openai`: the bare object, `{ error: { message, type, param, code } }`.
 * - `oauth`: what is polled by RFC 8628: fields at the top level and under `data`; `error` is a name.
 */
export type Wire = "envelope" | "editor" | "cli" | "openai" | "oauth";

const OAUTH_PATHS: ReadonlySet<string> = new Set([
  EDITOR_PATHS.exchange,
  ...[CLI_AUTH_PATHS.deviceCode, CLI_AUTH_PATHS.deviceToken].flatMap(underBoth),
  ...[CLI_AUTH_PATHS.githubDeviceCode, CLI_AUTH_PATHS.githubDeviceToken].flatMap(underBoth),
]);

const PREFIXES: readonly (readonly [prefix: string, wire: Wire])[] = [
  ["/api/v1", "editor"],
  [INFERENCE_PATHS.chatCompletions, "openai"],
  [INFERENCE_PATHS.responses, "openai"],
  [INFERENCE_PATHS.embeddings, "openai"],
  [INFERENCE_PATHS.models, "openai"],
  ["/models", "openai"],
  ["/v1", "cli"],
  ["/auth", "cli"],
  ["/oauth", "cli"],
  ["/credits", "cli"],
  ["/usage", "cli"],
  ["/keys", "cli"],
  ["/key", "cli"],
];

/** What one route of the CLI calls errors: `not_found` of a key is KEY_NOT_FOUND. */
export type CodeNames = { readonly [Code in ErrorCode]?: string };

/** A path of the CLI, at the root and under `/v1`: its default base ends in `/v1`, older ones do not. */
export function underBoth(path: string): readonly [root: string, versioned: string] {
  return [path, `/v1${path}`];
}

/** How a path answers, in success and in error, whether it is in the table or not. */
export function wireOf(path: string): Wire {
  if (OAUTH_PATHS.has(path)) return "oauth";
  return PREFIXES.find(([prefix]) => path === prefix || path.startsWith(`${prefix}/`))?.[1] ?? "envelope";
}

/** The body of a success. */
export function successBody(wire: Wire, data: unknown): object {
  switch (wire) {
    case "envelope":
      return okBody(data);
    case "cli":
      return { data };
    case "editor":
    case "openai":
      return fieldsOf(data);
    case "oauth":
      return { ...fieldsOf(data), data };
  }
}

/** The editor, OpenAI and OAuth forms have no room for anything but objects, and every schema of theirs is one. */
function fieldsOf(data: unknown): object {
  return typeof data === "object" && data !== null ? data : {};
}

/** The body of an error; `names` are those of its route. */
export function failureBody(wire: Wire, error: ApiError, names: CodeNames = {}): object {
  switch (wire) {
    case "envelope":
      return errorBody(error);
    case "editor":
      return { error: errorBody(error).error };
    case "cli":
      return { error: { code: codeIn(wire, error.code, names), message: error.message } };
    case "openai":
      return openaiErrorBody(error);
    case "oauth":
      return {
        error: error.code,
        error_description: error.message,
        code: codeIn(wire, error.code, names),
        message: error.message,
      };
  }
}

/** How a code stands in an error of this form. */
export function codeIn(wire: Wire, code: ErrorCode, names: CodeNames = {}): string {
  return wire === "envelope" || wire === "editor" ? code : (names[code] ?? cliCode(code));
}
