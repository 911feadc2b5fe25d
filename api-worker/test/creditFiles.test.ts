import { EXPORT_PAGE_ROWS, WEB_CREDIT_PATHS } from "@oa/contract";
import { beforeEach, describe, expect, it } from "vitest";
import { browserOf, terminalOf } from "./support/people.ts";
import type { Sender } from "./support/people.ts";
import { openWorld } from "./support/world.ts";
import type { TestWorld } from "./support/world.ts";

let world: TestWorld;
let ada: { headers: Record<string, string>; send: Sender };
beforeEach(async () => {
  world = await openWorld();
  ada = await terminalOf(world, "ada");
});

const pages = async () => (await world.state()).convex.credits.pages;
/** Time for the Worker to ask for more than it should. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 150));

describe("the ledger as a file", () => {
  it("is CSV with a header, dollars beside micro-dollars, and no formulas", async () => {
    const { status, headers, text } = await ada.send("GET", "/credits/export");
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
    expect(headers.get("content-disposition")).toBe('attachment; filename="credits.csv"');
    expect(headers.get("cache-control")).toBe("no-store");
    expect(text.split("\r\n")).toEqual([
      "id,created_at,type,kind,amount_usd,amount_microusd,balance_after_usd,balance_after_microusd,description,call_id",
      "1,1970-01-01T00:00:01.000Z,grant,signup_grant,5,5000000,5,5000000,Sign-up grant,",
      `2,1970-01-01T00:00:02.000Z,usage,usage,-0.004275,-4275,4.995725,4995725,"'=HYPERLINK(""x""), 1,204 in",hold-of-a-call-000002`,
      '3,1970-01-01T00:00:03.000Z,usage,usage,-0.004275,-4275,4.99145,4991450,"gpt-5, call 3",hold-of-a-call-000003',
      "",
    ]);
  });

  it("is JSON lines on request, with the same fields and the words as they are", async () => {
    const { headers, text } = await ada.send("GET", "/v1/credits/export?format=jsonl&from=2026-01-01&to=2026-01-31");
    expect(headers.get("content-type")).toBe("application/x-ndjson; charset=utf-8");
    expect(headers.get("content-disposition")).toContain('"credits-from-2026-01-01-to-2026-01-31.jsonl"');
    const lines = text.trimEnd().split("\n");
    expect(lines).toHaveLength(3);
    expect(JSON.parse(lines[1] ?? "")).toEqual({
      id: 2,
      created_at: "1970-01-01T00:00:02.000Z",
      type: "usage",
      kind: "usage",
      amount_usd: -0.004275,
      amount_microusd: -4275,
      balance_after_usd: 4.995725,
      balance_after_microusd: 4_995_725,
      description: '=HYPERLINK("x"), 1,204 in',
      call_id: "hold-of-a-call-000002",
    });
    expect(await pages()).toEqual(["?from=2026-01-01&to=2026-01-31"]);
  });

  it("without rows is the header alone, or nothing", async () => {
    await world.set(["convex", "credits", "rows"], 0);
    expect((await ada.send("GET", "/credits/export")).text).toMatch(/^id,[a-z_,]+\r\n$/);
    expect((await ada.send("GET", "/credits/export?format=jsonl")).text).toBe("");
  });
});

it("usage is a file too: every call with its tokens, source and price", async () => {
  const [header, , second] = (await ada.send("GET", "/usage/export")).text.split("\r\n");
  expect(header).toBe(
    "call_id,created_at,endpoint,model,key_hash,key_name,input_tokens,cache_read_tokens,cache_write_tokens,output_tokens,reasoning_tokens,cost_usd,cost_microusd,held_microusd,usage_source,outcome,price_version,latency_ms,first_byte_ms",
  );
  expect(second).toBe(
    "hold-of-a-call-000002,1970-01-01T00:00:02.000Z,chat,gpt-5,0123456789abcdef,'-my-app,1204,4,0,310,10,0.004275,4275,10000,upstream,completed,v1,900,",
  );
});

describe("20,000 rows", () => {
  const ROWS = 20_000;
  beforeEach(() => world.set(["convex", "credits", "rows"], ROWS));

  it.each(["/credits/export", "/usage/export?format=jsonl"])(
    "%s arrive whole, in order, page by page",
    async (path) => {
      const { text } = await ada.send("GET", path);
      const lines = text.trimEnd().split("\n");
      const rows = path.includes("jsonl") ? lines : lines.slice(1);
      expect(rows).toHaveLength(ROWS);
      expect(rows.at(-1)).toContain(`hold-of-a-call-0${ROWS}`);
      expect(new Set(rows).size).toBe(ROWS);
      expect(await pages()).toHaveLength(ROWS / EXPORT_PAGE_ROWS);
    },
  );

  it("are read no faster than their reader takes them, and no further once it leaves", async () => {
    const response = await world.open("GET", "/credits/export", { headers: ada.headers });
    const reader = response.body?.getReader();
    await pause();
    expect(await pages()).toHaveLength(1);
    for (let taken = 1; taken <= 3; taken += 1) {
      const { value } = (await reader?.read()) ?? {};
      expect(new TextDecoder().decode(value).split("\r\n").length).toBeLessThanOrEqual(EXPORT_PAGE_ROWS + 2);
      await pause();
      // One ahead at most, whatever a runtime puts between the two ends.
      expect((await pages()).length).toBeLessThanOrEqual(taken + 1);
    }
    const before = (await pages()).length;
    await reader?.cancel();
    await pause();
    expect(await pages()).toHaveLength(before);
  });

  it("break off where Convex does, so that nobody takes half a file for a whole one", async () => {
    const response = await world.open("GET", "/credits/export", { headers: ada.headers });
    await world.fault("convex", { path: "/control/credits/export", fault: { kind: "html" } });
    await expect(response.text()).rejects.toThrow("control plane does not answer");
  });
});

it("what cannot be read at all is an error, not an empty file", async () => {
  await world.fault("convex", { path: "/control/credits/export", fault: { kind: "html" } });
  const answer = await ada.send("GET", "/credits/export");
  expect([answer.status, answer.error().code]).toEqual([502, "control_unreachable"]);
  expect(answer.headers.get("content-disposition")).toBeNull();
});

it.each([
  "format=xlsx",
  "from=yesterday",
  "from=2026-02-30",
  "from=2026-02-02&to=2026-02-01",
  "to=2026-02-01T00:00:00Z",
])("a file with %s is refused before anything is read", async (query) => {
  for (const path of ["/credits/export", "/usage/export"]) {
    const answer = await ada.send("GET", `${path}?${query}`);
    expect([answer.status, answer.error().code]).toEqual([400, "invalid_request"]);
  }
  expect(await pages()).toEqual([]);
});

it("files are limited for each person, wherever they ask", async () => {
  const browser = (await browserOf(world, "ada")).send;
  await ada.send("GET", "/credits/export");
  await browser("GET", WEB_CREDIT_PATHS.webLedgerExport);
  const page = await browser("GET", `${WEB_CREDIT_PATHS.webUsageExport}?format=jsonl`);
  expect(page.headers.get("content-disposition")).toBe('attachment; filename="usage.jsonl"');
  const limit = { name: "export_user", key: "ada" };
  expect((await world.state()).convex.limits).toEqual([limit, limit, limit]);
});
