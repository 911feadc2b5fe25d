import { convexTest, type TestConvex } from "convex-test";
import schema from "../schema.ts";

/** A deployment of its own for one test: our functions and an empty database. */
export type TestDeployment = TestConvex<typeof schema>;

// Files with two dots (tests, this one) are not modules of the deployment; the official bundler leaves them out too.
const modules = import.meta.glob(["../**/*.*s", "!../**/*.*.*s"]);

export function setupTest(): TestDeployment {
  return convexTest({ schema, modules, transactionLimits: true });
}
