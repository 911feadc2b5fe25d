/** Live queries and mutations under the official clients, over real sockets. */
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { ConvexReactClient } from "convex/react";
import { makeFunctionReference } from "convex/server";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { api } from "../fixtures/chat/convex/_generated/api.js";
import { startChat, type Chat } from "../support/chat.ts";
import { startProxy } from "../support/proxy.ts";
import { waitFor } from "../support/wait.ts";

let chat: Chat;
beforeAll(async () => {
  chat = await startChat();
});
afterAll(() => chat.close());

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

function connect(url = chat.deployment.url): ConvexClient {
  const client = new ConvexClient(url, { logger: false, unsavedChangesWarning: false });
  cleanups.push(() => client.close());
  return client;
}

/** Subscribes to the bodies of a channel; the array grows by each result. */
function watch(client: ConvexClient, channel: string): string[][] {
  const seen: string[][] = [];
  cleanups.push(
    client.onUpdate(api.messages.list, { channel }, (messages) => seen.push(messages.map((one) => one.body))),
  );
  return seen;
}

const bodiesIn = z.array(z.object({ body: z.string() }).transform((message) => message.body));
const last = <T>(values: T[]): T | undefined => values.at(-1);

describe("a live query", () => {
  it("shows another client's change, and nothing when the change was elsewhere", async () => {
    const [alice, bob] = [connect(), connect()];
    const seen = watch(alice, "room");
    await waitFor(
      () => seen.length,
      (count) => count === 1,
    );
    await bob.mutation(api.messages.send, { channel: "other room", body: "x" });
    await bob.mutation(api.messages.send, { channel: "room", body: "hello" });
    await waitFor(
      () => last(seen),
      (bodies) => bodies?.[0] === "hello",
    );
    expect(seen).toEqual([[], ["hello"]]);
  });

  it("has a client's own write by the time its mutation resolves", async () => {
    const client = connect();
    const seen = watch(client, "own");
    for (const body of ["a", "b", "c"]) {
      await client.mutation(api.messages.send, { channel: "own", body });
      expect(last(seen)).toContain(body);
    }
  });

  it("replaces an optimistic update by the real thing, never showing both or neither", async () => {
    const client = connect();
    const seen: number[] = [];
    cleanups.push(client.onUpdate(api.counters.read, { name: "optimistic" }, (value) => seen.push(value)));
    await waitFor(
      () => seen.length,
      (count) => count === 1,
    );
    for (let expected = 1; expected <= 5; expected += 1) {
      const added = client.mutation(
        api.counters.add,
        { name: "optimistic", amount: 1 },
        {
          optimisticUpdate(store) {
            const shown = store.getQuery(api.counters.read, { name: "optimistic" }) ?? 0;
            store.setQuery(api.counters.read, { name: "optimistic" }, shown + 1);
          },
        },
      );
      expect(last(seen)).toBe(expected);
      expect(await added).toBe(expected);
    }
    expect(seen.every((value, index) => index === 0 || value >= (seen[index - 1] ?? 0))).toBe(true);
    expect(Math.max(...seen)).toBe(5);
  });

  it("reports the error of a query that fails, and its value once it does not", async () => {
    const client = connect();
    const errors: string[] = [];
    cleanups.push(
      client.onUpdate(
        api.messages.fail,
        {},
        () => undefined,
        (error) => errors.push(error.message),
      ),
    );
    await waitFor(
      () => errors.length,
      (count) => count === 1,
    );
    expect(errors[0]).toContain("a secret detail");
  });

  it("keeps pages gapless while items arrive: a loaded page ends where it ended", async () => {
    const client = new ConvexReactClient(chat.deployment.url, { logger: false, unsavedChangesWarning: false });
    cleanups.push(() => client.close());
    const send = (body: string) => client.mutation(api.messages.send, { channel: "pages", body });
    for (const body of ["1", "2", "3", "4"]) await send(body);
    const args = { channel: "pages", paginationOpts: { numItems: 2, cursor: null, id: 1 } };
    const page = client.watchQuery(api.messages.page, args);
    cleanups.push(page.onUpdate(() => undefined));
    const first = await waitFor(
      () => page.localQueryResult(),
      (result) => result !== undefined,
    );
    expect(first?.page.map((one) => one.body)).toEqual(["4", "3"]);
    await send("5");
    expect(page.localQueryResult()?.page.map((one) => one.body)).toEqual(["5", "4", "3"]);
    expect(page.localQueryResult()?.continueCursor).toBe(first?.continueCursor);
  });
});

describe("a list that loads more as it is scrolled", () => {
  it("shows every item once, in order, while items arrive and go", async () => {
    const client = connect();
    const send = (body: string) => client.mutation(api.messages.send, { channel: "list", body });
    for (let number = 1; number <= 9; number += 1) await send(String(number));
    // The client adds `paginationOpts` itself, which the types of its preview do not say yet.
    const list = client.onPaginatedUpdate_experimental(
      makeFunctionReference<"query", { channel: string }, unknown>("messages:page"),
      { channel: "list" },
      { initialNumItems: 3 },
      () => undefined,
    );
    cleanups.push(() => list.unsubscribe());
    const shown = () => bodiesIn.parse(list.getCurrentValue()?.results ?? []);
    await waitFor(shown, (bodies) => bodies.length === 3);
    list.getCurrentValue()?.loadMore(4);
    expect(await waitFor(shown, (bodies) => bodies.length === 7)).toEqual(["9", "8", "7", "6", "5", "4", "3"]);
    await send("10");
    await waitFor(shown, (bodies) => bodies[0] === "10");
    list.getCurrentValue()?.loadMore(4);
    expect(await waitFor(shown, (bodies) => bodies.length > 8)).toEqual([
      "10",
      "9",
      "8",
      "7",
      "6",
      "5",
      "4",
      "3",
      "2",
      "1",
    ]);
    expect(list.getCurrentValue()?.status).toBe("Exhausted");
  });
});

describe("a broken connection", () => {
  it("leaves a loaded page ending where it ended, with what came meanwhile in it", async () => {
    const proxy = await startProxy(chat.deployment.url);
    cleanups.push(() => proxy.close());
    const client = new ConvexReactClient(proxy.url, { logger: false, unsavedChangesWarning: false });
    cleanups.push(() => client.close());
    const http = new ConvexHttpClient(chat.deployment.url, { logger: false });
    const send = (body: string) => http.mutation(api.messages.send, { channel: "page cut", body });
    for (const body of ["1", "2", "3", "4"]) await send(body);
    const page = client.watchQuery(api.messages.page, {
      channel: "page cut",
      paginationOpts: { numItems: 2, cursor: null, id: 1 },
    });
    cleanups.push(page.onUpdate(() => undefined));
    const bodies = () => page.localQueryResult()?.page.map((one) => one.body);
    await waitFor(bodies, (shown) => shown?.length === 2);
    proxy.muteServer(true);
    await send("5");
    proxy.cut();
    proxy.muteServer(false);
    expect(await waitFor(bodies, (shown) => shown?.length !== 2)).toEqual(["5", "4", "3"]);
  });

  it("applies a mutation once whose answer was lost after its commit", async () => {
    const proxy = await startProxy(chat.deployment.url);
    cleanups.push(() => proxy.close());
    const client = connect(proxy.url);
    const seen = watch(client, "once");
    await waitFor(
      () => seen.length,
      (count) => count === 1,
    );

    proxy.muteServer(true);
    const answer = client.mutation(api.messages.send, { channel: "once", body: "only once" });
    const http = new ConvexHttpClient(chat.deployment.url, { logger: false });
    await waitFor(
      () => http.query(api.messages.list, { channel: "once" }),
      (messages) => messages.length === 1,
    );
    proxy.cut();
    proxy.muteServer(false);

    const id = await answer;
    const stored = await http.query(api.messages.list, { channel: "once" });
    expect(stored.map((one) => one._id)).toEqual([id]);
    expect(last(seen)).toEqual(["only once"]);
    expect(proxy.connections()).toBeGreaterThan(1);
  });

  it("keeps the order of mutations that were waiting, and subscriptions go on", async () => {
    const proxy = await startProxy(chat.deployment.url);
    cleanups.push(() => proxy.close());
    const client = connect(proxy.url);
    const seen = watch(client, "order");
    await waitFor(
      () => seen.length,
      (count) => count === 1,
    );
    const bodies = Array.from({ length: 40 }, (_, index) => String(index));
    const sent = bodies.map((body) => client.mutation(api.messages.send, { channel: "order", body }));
    await sent[5];
    proxy.cut();
    await Promise.all(sent);
    expect(last(seen)).toEqual(bodies);
  });

  it("does not come of stopping the server: what is in flight is answered first", async () => {
    const http = new ConvexHttpClient(chat.deployment.url, { logger: false });
    const answer = http.action(api.counters.addLater, { name: "stopping", delayMs: 700 });
    await waitFor(
      () => http.query(api.counters.read, { name: "anything" }),
      (value) => value === 0,
    );
    await chat.restart();
    expect(await answer).toBe(1);
    expect(await http.query(api.counters.read, { name: "stopping" })).toBe(1);
  });

  it("is mended by itself after the server restarts", async () => {
    const client = connect();
    const seen = watch(client, "restart");
    await client.mutation(api.messages.send, { channel: "restart", body: "before" });
    await chat.restart();
    await client.mutation(api.messages.send, { channel: "restart", body: "after" });
    expect(last(seen)).toEqual(["before", "after"]);
  });
});

describe("signing in", () => {
  /** Subscribes to who the client is; collects the subjects and what the client reports of its sign-in. */
  function signIn(fetchToken: (forced: boolean) => Promise<string | null>) {
    const client = connect();
    const who: (string | null)[] = [];
    const states: boolean[] = [];
    client.setAuth(
      ({ forceRefreshToken }) => fetchToken(forceRefreshToken),
      (signedIn) => states.push(signedIn),
    );
    cleanups.push(client.onUpdate(api.users.whoAmI, {}, (identity) => who.push(identity?.subject ?? null)));
    return { client, who, states };
  }

  it("makes queries and mutations run as the user; signing out makes them nobody's", async () => {
    const { client, who } = signIn(() => chat.token("ada"));
    await waitFor(
      () => last(who),
      (subject) => subject === "ada",
    );
    const seen = watch(client, "signed");
    await client.mutation(api.messages.send, { channel: "signed", body: "mine" });
    expect(last(seen)).toEqual(["mine"]);
    const http = new ConvexHttpClient(chat.deployment.url, { logger: false });
    expect(await http.query(api.messages.list, { channel: "signed" })).toMatchObject([{ author: "ada" }]);
    client.client.clearAuth();
    await waitFor(
      () => last(who),
      (subject) => subject === null,
    );
  });

  it("with a token the server rejects is tried again with fresh ones, then reported as signed out", async () => {
    const forced: boolean[] = [];
    const { who, states } = signIn(async (force) => {
      forced.push(force);
      return chat.issuer.token({ iss: "https://someone.else", sub: `eve${forced.length}` });
    });
    await waitFor(
      () => last(states),
      (state) => state === false,
    );
    expect(forced.length).toBeGreaterThan(1);
    await waitFor(
      () => who.length,
      (count) => count > 0,
    );
    expect(who).not.toContain("eve");
    expect(last(who)).toBeNull();
  });

  it("survives a first token that is out of date, as after a laptop's sleep", async () => {
    const { who, states } = signIn((force) => chat.token("ada", force ? 3600 : -3600));
    await waitFor(
      () => last(who),
      (subject) => subject === "ada",
    );
    expect(last(states)).toBe(true);
  });
});
