import { InstanceId } from "@oa/contract";
import { describe, expect, it } from "vitest";
import { INSTANCE_ID_BYTES, instanceIdOf, newInstanceIdBytes } from "./instanceId.ts";

describe("instance ids", () => {
  it("fit paths, folders and container names as they are", () => {
    for (let count = 0; count < 200; count += 1) {
      expect(InstanceId.safeParse(instanceIdOf(newInstanceIdBytes())).success).toBe(true);
    }
  });

  it("carry every random bit: no two byte strings share one", () => {
    const zero = new Uint8Array(INSTANCE_ID_BYTES);
    const ids = new Set([instanceIdOf(zero)]);
    for (let bit = 0; bit < INSTANCE_ID_BYTES * 8; bit += 1) {
      ids.add(instanceIdOf(zero.with(bit >> 3, 1 << (bit & 7))));
    }
    expect(ids.size).toBe(INSTANCE_ID_BYTES * 8 + 1);
    expect(instanceIdOf(zero)).toHaveLength(26);
  });

  it("come from the cryptographic source: 10,000 without a repetition", () => {
    const ids = new Set(Array.from({ length: 10_000 }, () => instanceIdOf(newInstanceIdBytes())));
    expect(ids.size).toBe(10_000);
  });
});
