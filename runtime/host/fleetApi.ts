import { ApiError, FLEET_KEY_HEADER, FleetSpec, Generation, InstanceId, REQUEST_ID_HEADER, okBody } from "@oa/contract";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { requestId } from "hono/request-id";
import { timingSafeEqual } from "hono/utils/buffer";
import * as z from "zod";
import { MAX_BODY_BYTES, errorAnswer, jsonBody, parse, tooLarge } from "../src/answers.ts";
import type { Fleet } from "./fleet.ts";

const GenerationQuery = z.coerce.number().pipe(Generation);

/** `/fleet/instances/:id` behind the fleet key. Answers at once: PUT writes the wish down, GET tells how far it is. */
export function createFleetApi(fleet: Fleet, fleetKey: string, report: (error: unknown) => void): Hono {
  const app = new Hono();
  app.use(requestId({ headerName: REQUEST_ID_HEADER }));
  app.use(async (c, next) => {
    if (!(await timingSafeEqual(c.req.header(FLEET_KEY_HEADER) ?? "", fleetKey)))
      throw new ApiError("unauthorized", `Send the fleet key in ${FLEET_KEY_HEADER}.`);
    await next();
    c.header("cache-control", "no-store");
  });
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES, onError: () => Promise.reject(tooLarge()) }));

  app.put("/fleet/instances/:id", async (c) => {
    const id = parse(InstanceId, c.req.param("id"), "instance id");
    return c.json(okBody(fleet.put(id, parse(FleetSpec, await jsonBody(c), "specification"))));
  });
  app.get("/fleet/instances/:id", (c) =>
    c.json(okBody(fleet.view(parse(InstanceId, c.req.param("id"), "instance id")))),
  );
  app.delete("/fleet/instances/:id", (c) => {
    const id = parse(InstanceId, c.req.param("id"), "instance id");
    return c.json(
      okBody(fleet.remove(id, parse(GenerationQuery, c.req.query("generation"), "`generation` of the query"))),
    );
  });

  app.notFound((c) =>
    errorAnswer(c, new ApiError("not_found", `There is no ${c.req.method} ${c.req.path} here.`), report),
  );
  app.onError((error, c) => errorAnswer(c, error, report));
  return app;
}
