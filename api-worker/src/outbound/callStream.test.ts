import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { LOOK_AGAIN_MS, endingAfter } from "./callStream.ts";

/** Of a reader that does not go away. */
const STAYS = new AbortController().signal;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A source that has one chunk and then nothing more to say. */
function talkative() {
  let left = false;
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode("one")),
    cancel: () => void (left = true),
  });
  return { source, left: () => left };
}

it("a stream ends by itself after its time, and its source with it", async () => {
  const { source, left } = talkative();
  const reader = endingAfter(source, 900_000, STAYS).getReader();
  expect((await reader.read()).done).toBe(false);
  const next = reader.read();
  await vi.advanceTimersByTimeAsync(899_000);
  expect(left()).toBe(false);
  await vi.advanceTimersByTimeAsync(1_000);
  expect((await next).done).toBe(true);
  expect(left()).toBe(true);
});

it("a reader that has stopped reading does not keep the source", async () => {
  const { source, left } = talkative();
  endingAfter(source, 900_000, STAYS);
  await vi.advanceTimersByTimeAsync(900_000);
  expect(left()).toBe(true);
});

it("a stream ends soon after what its reader may read it by, and not because that cannot be told", async () => {
  const { source, left } = talkative();
  const stands = vi
    .fn<() => Promise<boolean>>()
    .mockResolvedValueOnce(true)
    .mockRejectedValueOnce(new Error("away"))
    .mockResolvedValueOnce(false);
  const reader = endingAfter(source, 900_000, STAYS, stands).getReader();
  await reader.read();
  const next = reader.read();
  await vi.advanceTimersByTimeAsync(2 * LOOK_AGAIN_MS);
  expect([stands.mock.calls.length, left()]).toEqual([2, false]);
  await vi.advanceTimersByTimeAsync(LOOK_AGAIN_MS);
  expect((await next).done).toBe(true);
  expect([left(), vi.getTimerCount()]).toEqual([true, 0]);
});

it("nothing is left to wait for when the reader leaves", async () => {
  const { source, left } = talkative();
  await endingAfter(source, 900_000, STAYS).cancel();
  expect(left()).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

it("a client that has gone away takes the source with it, though nobody cancels the body", async () => {
  const { source, left } = talkative();
  const client = new AbortController();
  const reader = endingAfter(source, 900_000, client.signal).getReader();
  await reader.read();
  const next = reader.read();
  client.abort();
  expect((await next).done).toBe(true);
  expect(left()).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});
