import { describe, expect, it } from "vitest";
import { PRUNERS } from "../model/pruners.ts";
import schema from "../schema.ts";
import { RETENTION } from "./retention.ts";

describe("how long things are kept", () => {
  it("every table of the schema has a policy, and no policy is without a table", () => {
    expect(Object.keys(RETENTION).sort()).toEqual(Object.keys(schema.tables).sort());
  });

  it("exactly the ephemeral tables have a pruner", () => {
    const ephemeral = Object.entries(RETENTION).flatMap(([table, { kind }]) => (kind === "ephemeral" ? [table] : []));
    expect([...new Set(PRUNERS.map(({ table }) => table))].sort()).toEqual(ephemeral.sort());
  });

  it("money and accounts are never deleted", () => {
    for (const table of ["credit_ledger", "credit_accounts", "users"] as const) {
      expect(RETENTION[table].kind).toBe("permanent");
    }
  });
});
