import { SERVICE_TOKEN_HEADER } from "@oa/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TestContext, testContext } from "../test/support/testContext.ts";
import { TestHost, TestInstance } from "../test/support/testHost.ts";
import { Fleet } from "./fleet.ts";
import { NO_ACCESS_ENDED } from "./store.ts";

const DAY_MS = 24 * 60 * 60_000;

/** What a fleet remembers. What it does with real gateways: `runtime/test`. */
describe("a fleet", () => {
  let context: TestContext;
  beforeEach(async () => {
    context = await testContext();
  });
  afterEach(() => context.dispose());

  it("remembers what was deleted long enough to refuse a late command, and not for ever", async () => {
    const fleet = new Fleet(context);
    await fleet.recover();
    for (const id of ["adaadaada1", "adaadaada2"]) fleet.remove(id, 3);
    expect(() =>
      fleet.put("adaadaada1", { generation: 3, desired: "stopped", env: { OPENAGENTS_SERVICE_TOKEN: "x".repeat(32) } }),
    ).toThrow(/over/);
    context.clock.now += 31 * DAY_MS;
    // A host that is never started again forgets too: with the next deletion.
    fleet.remove("adaadaada3", 1);
    expect(context.store.all().map((record) => record.id)).toEqual(["adaadaada3"]);
  });

  it("gives nobody the port of a gateway that a former host has started and that does not listen yet", async () => {
    const port = await context.ports.take(undefined);
    context.ports.release(port);
    const former = { pid: 1, start: "of a former host", port, launchedAt: 1, launchKey: "x" };
    const record = {
      id: "adaadaada1",
      generation: 1,
      desired: "stopped" as const,
      gone: false,
      spec: null,
      gatewayToken: "",
      previousServiceToken: null,
      access: NO_ACCESS_ENDED,
      process: former,
      restore: null,
      jobs: { running: null, last: null },
      createdAt: 1,
      updatedAt: 1,
    };
    context.store.put(record);
    await new Fleet(context).recover();
    const other = await context.ports.take(port);
    expect(other).not.toBe(port);
    for (const one of [port, other]) context.ports.release(one);
  });
});

describe("a stranger", () => {
  it("sees no difference between an instance that exists and one that does not", async () => {
    const host = await TestHost.start();
    try {
      const ada = new TestInstance(host, "adaadaada1");
      await host.put(ada.id, ada.spec(1, { desired: "stopped" }));
      const ask = async (id: string) => {
        const answer = await fetch(`${host.url}/i/${id}/v1/status`, { headers: { [SERVICE_TOKEN_HEADER]: "a guess" } });
        return { status: answer.status, body: await answer.json(), headers: [...answer.headers.keys()].toSorted() };
      };
      const known = await ask(ada.id);
      expect(known).toEqual(await ask("nobodynobody"));
      expect(known.status).toBe(401);
      expect(known.headers).toContain("x-request-id");
    } finally {
      await host.dispose();
    }
  });
});
