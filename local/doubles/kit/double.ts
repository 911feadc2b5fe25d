import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { FaultBoard, faultRoutes } from "./faults.ts";
import { loopbackOnly } from "./loopback.ts";
import { type Html, page } from "./page.ts";
import type { DoubleEnv, ErrorAnswer } from "./env.ts";

/** A double that listens. */
export interface Double {
  /** What it stands for, as in `x-double`. */
  name: string;
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  url: string;
  /** Cuts what is open and stops listening. */
  close(): Promise<void>;
}

/** What every double says of itself. */
export interface DoubleFace {
  /** Short name: `x-double` carries it. */
  name: string;
  /** The service in people's words, such as "GitHub". */
  standsFor: string;
  errorAnswer: ErrorAnswer;
  /** What the root page shows below the sentence that this is a double. */
  home: () => Html;
}

/** Where one listens; 0 takes any free port. A double never listens beyond 127.0.0.1. */
export interface PortOption {
  port: number;
}

const BODY_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * The part that all doubles share: the `x-double` header on every answer, a root page, a size limit, faults on demand
 * and the `/double/*` control endpoints that only this machine may call. Routes are added to what it returns.
 */
export function createDoubleApp(face: DoubleFace): Hono<DoubleEnv> {
  const app = new Hono<DoubleEnv>();
  const faults = new FaultBoard();
  const failure = (status: number, message: string): Response => {
    const { body, contentType } = face.errorAnswer(status, message);
    return new Response(body, { status, headers: { "content-type": contentType } });
  };
  app.use(async (c, next) => {
    // On the raw response, so that answers which bypass Hono (streams) carry it too.
    c.env.outgoing.setHeader("x-double", face.name);
    await next();
  });
  app.use("/double/*", loopbackOnly(face.standsFor));
  app.use(
    bodyLimit({
      maxSize: BODY_LIMIT_BYTES,
      onError: () => failure(413, `The request body is larger than ${BODY_LIMIT_BYTES} bytes.`),
    }),
  );
  app.use(faults.middleware(face.errorAnswer));
  app.get("/", (c) =>
    c.html(page({ title: `Double of ${face.standsFor}`, double: face.standsFor, body: face.home() })),
  );
  app.route("/double", faultRoutes(faults));
  app.notFound(() => failure(404, "Not Found"));
  app.onError((error) => {
    if (error instanceof HTTPException) return failure(error.status, error.message);
    process.stderr.write(`double of ${face.standsFor}: ${error.stack ?? error.message}\n`);
    return failure(500, "The double itself failed: its log has the reason.");
  });
  return app;
}

/** Starts listening on loopback. Throws what the system says when the port is taken. */
export async function listen(name: string, app: Hono<DoubleEnv>, options: PortOption): Promise<Double> {
  const server = createAdaptorServer({ fetch: app.fetch });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", () => resolve());
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the double has no address");
  return {
    name,
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      if ("closeAllConnections" in server) server.closeAllConnections();
      await closed;
    },
  };
}
