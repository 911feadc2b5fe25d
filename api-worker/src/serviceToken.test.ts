import { crc32 } from "node:zlib";
import { expect, it } from "vitest";
import { newServiceToken } from "./serviceToken.ts";

it("is a typed prefix, 32 random bytes and a checksum, each time another (R1)", () => {
  const tokens = Array.from({ length: 2000 }, () => newServiceToken());
  expect(new Set(tokens).size).toBe(2000);
  for (const token of tokens) expect(token).toMatch(/^oc_svc_[0-9A-Za-z]{49}$/);
});

it("carries every bit of the randomness it is given", () => {
  expect(newServiceToken(new Uint8Array(32))).toMatch(/^oc_svc_0{43}/);
  const largest = newServiceToken(new Uint8Array(32).fill(255));
  expect(largest).toHaveLength(7 + 43 + 6);
  const [last, before] = [0, 1].map((bit) => newServiceToken(new Uint8Array(32).fill(bit, 31)));
  expect(last).not.toBe(before);
});

it("ends in the CRC-32 of all before it", () => {
  const token = newServiceToken();
  const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const checksum = token
    .slice(-6)
    .split("")
    .reduce((sum, digit) => sum * 62 + digits.indexOf(digit), 0);
  expect(checksum).toBe(crc32(token.slice(0, -6)));
});
