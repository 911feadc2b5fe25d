/** The installed components, typed as code generation types them. */
import type { ComponentApi as Aggregate } from "@convex-dev/aggregate/_generated/component.js";
import type { ComponentApi as Migrations } from "@convex-dev/migrations/_generated/component.js";
import type { ComponentApi as RateLimiter } from "@convex-dev/rate-limiter/_generated/component.js";
import type { ComponentApi as Workflow } from "@convex-dev/workflow/_generated/component.js";
import type { ComponentApi as Workpool } from "@convex-dev/workpool/_generated/component.js";

import type { OnCompleteArgs } from "@convex-dev/workpool";
import type { FunctionReference } from "convex/server";

type Internal<Kind extends "query" | "mutation" | "action", Args extends Record<string, unknown>, Result> = FunctionReference<
  Kind,
  "internal",
  Args,
  Result
>;

export declare const internal: {
  app: {
    flaky: Internal<"action", { name: string; failures: number }, string>;
    done: Internal<"mutation", { workId: OnCompleteArgs["workId"]; context: string; result: OnCompleteArgs["result"] }, null>;
    note: Internal<"mutation", { text: string }, null>;
    times: Internal<"query", { text: string }, number>;
    story: Internal<"mutation", { fn: "You should not call this directly, call workflow.start instead"; args: { name: string } }, null>;
    rankAll: Internal<"mutation", Record<string, never>, null>;
  };
};

export declare const components: {
  rateLimiter: RateLimiter<"rateLimiter">;
  scores: Aggregate<"scores">;
  pool: Workpool<"pool">;
  workflow: Workflow<"workflow">;
  migrations: Migrations<"migrations">;
};
