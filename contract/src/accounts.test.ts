import { expect, it } from "vitest";
import { Email } from "./accounts.ts";

it.each([
  [" Ada@Example.COM ", "ada@example.com"],
  ["o'hara+openclaw@mail.example.co.uk", "o'hara+openclaw@mail.example.co.uk"],
])("%j is the address %s", (given, address) => {
  expect(Email.parse(given)).toBe(address);
});

// U+212A is the sign of the kelvin: in lower case it is the letter k, so that one person's address would become another's.
it.each([
  "mi\u212Ae@example.com",
  "mike@\u212Acompany.example",
  "ada@exa\u0131mple.com",
  "ada@example.com\u0000",
  "ada",
])("%j is no address, and becomes nobody's", (given) => {
  expect(Email.safeParse(given).success).toBe(false);
});
