import { describe, expect, it } from "vitest";
import { TakeUp } from "./takeUp.ts";

/** A gateway that takes its configuration up after some touches of the file, on a clock that only waits move. */
function gateway(options: { takesUpAfter?: number; away?: number }) {
  const { takesUpAfter = 0, away = 0 } = options;
  const said: string[] = [];
  let now = 0;
  let touches = 0;
  let looks = 0;
  const over = Promise.withResolvers<void>();
  const say = (word: string) => {
    said.push(word);
    over.resolve();
  };
  const takeUp = new TakeUp({
    applied: () => {
      looks += 1;
      return looks <= away ? Promise.reject(new Error("away")) : Promise.resolve(touches >= takesUpAfter);
    },
    touch: () => {
      touches += 1;
      return Promise.resolve();
    },
    done: () => say("done"),
    giveUp: () => say("given up"),
    patienceMs: 60_000,
    wait: (ms, signal) => {
      signal.throwIfAborted();
      now += ms;
      return Promise.resolve();
    },
    elapsed: () => now,
  });
  return { takeUp, said, over: over.promise, touches: () => touches, at: () => now };
}

describe("a running gateway whose configuration was written", () => {
  it("takes it up by itself: nothing is touched", async () => {
    const { takeUp, said, over, touches, at } = gateway({});
    takeUp.follow();
    expect(takeUp.following).toBe(true);
    await over;
    expect([said, touches(), takeUp.following]).toEqual([["done"], 0, false]);
    expect(at()).toBeLessThan(1_000);
  });

  it("had refused it in the middle of a turn: the file is touched until it is taken up", async () => {
    const { takeUp, said, over, touches } = gateway({ takesUpAfter: 4 });
    takeUp.follow();
    await over;
    expect([said, touches()]).toEqual([["done"], 4]);
  });

  it("cannot be asked for a moment", async () => {
    const { takeUp, said, over } = gateway({ away: 3 });
    takeUp.follow();
    await over;
    expect(said).toEqual(["done"]);
  });

  it("never takes it up: it is given up, once, when patience is over", async () => {
    const { takeUp, said, over, at } = gateway({ takesUpAfter: Infinity });
    takeUp.follow();
    await over;
    expect([said, takeUp.following]).toEqual([["given up"], false]);
    expect(at()).toBeGreaterThanOrEqual(60_000);
  });

  it("is ended, or its file is written again: the one before is not spoken of any more", async () => {
    const { takeUp, said, over } = gateway({});
    takeUp.follow();
    takeUp.follow();
    await over;
    expect(said).toEqual(["done"]);
    takeUp.follow();
    takeUp.end();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect([said, takeUp.following]).toEqual([["done"], false]);
  });
});
