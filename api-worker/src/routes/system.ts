import { API_PATHS, HealthReport } from "@oa/contract";
import * as z from "zod";
import { controlClient } from "../control/client.ts";
import { docsPage } from "../openapi/docsPage.ts";
import { openApiDocument } from "../openapi/document.ts";
import { NOTHING, document, route } from "../route.ts";
import type { Route } from "../route.ts";

/** A part that needs longer than this is as good as away, for whoever asks how we are. */
const HEALTH_DEADLINE_MS = 1_500;
/** Nobody's instance: asking for it proves address, key and envelope, and reads nothing. */
const NOBODYS_INSTANCE = "00000000";

const ApiIndex = z.object({
  routes: z.array(z.object({ method: z.string(), path: z.string(), gate: z.string(), summary: z.string() })),
});

/** Routes about the Worker itself. `all` is the whole table, these included. */
export function systemRoutes(all: () => readonly Route[]): Route[] {
  return [
    route({
      method: "GET",
      path: API_PATHS.health,
      gate: "none",
      summary: "Which parts answer; 503 names missing variables",
      input: NOTHING,
      answer: HealthReport,
      async handle({ services, requestId }): Promise<HealthReport> {
        const { config, fleet } = services;
        const control = controlClient(config, requestId, { deadlineMs: HEALTH_DEADLINE_MS });
        const parts = await Promise.all([
          timed("control", () => control.instanceById(NOBODYS_INSTANCE).then(() => true)),
          timed("fleet", async () => (await fleet.answers({ requestId })) ?? true),
        ]);
        return { status: parts.every((part) => part.ok) ? "ok" : "degraded", parts };
      },
    }),
    route({
      method: "GET",
      path: API_PATHS.index,
      gate: "none",
      summary: "The routes of the OpenClaw API",
      input: NOTHING,
      answer: ApiIndex,
      async handle() {
        const routes = all().filter(({ path }) => path.startsWith(API_PATHS.index));
        return { routes: routes.map(({ method, path, gate, summary }) => ({ method, path, gate, summary })) };
      },
    }),
    document({
      path: API_PATHS.openapi,
      gate: "none",
      summary: "This API as an OpenAPI 3.1 document",
      respond: async (c) => c.json(openApiDocument(all())),
    }),
    document({
      path: API_PATHS.docs,
      gate: "none",
      summary: "This API as a page",
      respond: async (c) => c.html(docsPage(all())),
    }),
  ];
}

async function timed(name: "control" | "fleet", ask: () => Promise<boolean>): Promise<HealthReport["parts"][number]> {
  const start = Date.now();
  const ok = await ask().catch(() => false);
  return { name, ok, ms: Date.now() - start };
}
