import { API_PATHS } from "@oa/contract";
import { describe, expect, it } from "vitest";
import { type Answer, INTERNAL_KEY, result, standInApi } from "../test/reconciler.testing.ts";
import type { DriveOutcome } from "./drivePlan.ts";
import { callReconciler } from "./reconcileCall.ts";

const REQUEST = { instance_id: "inst00001", generation: 3 };

async function outcomeOf(answer: Answer, deadlineMs?: number): Promise<DriveOutcome> {
  const api = await standInApi(() => answer);
  return await callReconciler({ OA_API_URL: api.url, OA_INTERNAL_KEY: INTERNAL_KEY }, REQUEST, "request-1", deadlineMs);
}

/** The sentence of an outcome that is none; empty for every other outcome. */
function whyUnreachable(outcome: DriveOutcome): string {
  return outcome.outcome === "unreachable" ? outcome.reason : "";
}

describe("asking the API to reconcile", () => {
  it("sends instance, generation, key and request id, and reads the outcome", async () => {
    const api = await standInApi(() => result({ outcome: "continue", after_ms: 250, reason: "Booting." }));
    const outcome = await callReconciler({ OA_API_URL: api.url, OA_INTERNAL_KEY: INTERNAL_KEY }, REQUEST, "request-1");
    expect(outcome).toEqual({ outcome: "continue", after_ms: 250, reason: "Booting." });
    expect(api.calls).toHaveLength(1);
    expect(api.calls[0]).toMatchObject({
      path: API_PATHS.reconcile,
      method: "POST",
      body: REQUEST,
      headers: { "x-oa-internal-key": INTERNAL_KEY, "x-request-id": "request-1" },
    });
  });

  it.each([
    ["html", { status: 200, body: "<html>gateway</html>" }],
    ["another envelope", { status: 200, body: { ok: true, data: { outcome: "exploded" } } }],
    ["a proxy's page", (response) => response.writeHead(502).end("<h1>Bad Gateway</h1> at 10.0.0.7")],
    ["an outcome that asks for a day", result({ outcome: "continue", after_ms: 86_400_000, reason: null })],
    ["two megabytes", (response) => response.writeHead(200).end(`"${"x".repeat(2 * 1024 * 1024)}"`)],
    [
      "a redirect, which is not followed",
      (response) => response.writeHead(307, { location: "http://127.0.0.1:9/" }).end(),
    ],
  ] satisfies [string, Answer][])("%s is an API that did not answer in its own form (R11)", async (_name, answer) => {
    expect(await outcomeOf(answer)).toEqual({
      outcome: "unreachable",
      reason: "The API did not answer in its own form. It is asked again by itself.",
    });
  });

  it.each([
    ["silence", () => undefined],
    ["half an answer", (response) => response.writeHead(200).write('{"ok":')],
  ] satisfies [string, Answer][])("%s ends at the deadline", async (_name, answer) => {
    expect(whyUnreachable(await outcomeOf(answer, 150))).toContain("did not answer in time");
  });

  it("a connection that breaks is an API that cannot be reached", async () => {
    expect(whyUnreachable(await outcomeOf((response) => response.destroy()))).toContain("cannot be reached");
  });

  it("a refused key names the variable to mend", async () => {
    const refused = { status: 401, body: { ok: false, error: { code: "unauthorized", message: "no" } } };
    expect(whyUnreachable(await outcomeOf(refused))).toContain("OA_INTERNAL_KEY");
  });

  it("an API that is not set up says which of its variables is missing", async () => {
    const error = { code: "not_configured", message: "OPENCLAW_RUNTIME_HOST_URL is not set." };
    const outcome = await outcomeOf({ status: 503, body: { ok: false, error } });
    expect(whyUnreachable(outcome)).toContain("OPENCLAW_RUNTIME_HOST_URL is not set.");
  });

  it("no other words of the API are passed on", async () => {
    const error = { code: "internal", message: "stack trace with oc_svc_secret" };
    const outcome = await outcomeOf({ status: 500, body: { ok: false, error } });
    expect(outcome).toEqual({
      outcome: "unreachable",
      reason: "The API could not look at the instance (internal). It is asked again by itself.",
    });
  });

  it.each([
    ["OA_API_URL", {}],
    ["OA_API_URL", { OA_API_URL: "", OA_INTERNAL_KEY: INTERNAL_KEY }],
    ["OA_API_URL", { OA_API_URL: "javascript:alert(1)", OA_INTERNAL_KEY: INTERNAL_KEY }],
    ["OA_INTERNAL_KEY", { OA_API_URL: "http://127.0.0.1:9" }],
  ])("a missing %s is a reason, not a crash: %j", async (variable, env) => {
    expect(whyUnreachable(await callReconciler(env, REQUEST, "request-1"))).toContain(variable);
  });
});
