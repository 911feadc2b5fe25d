import {
  BackupRecord,
  BillingSummary,
  CliErrorBody,
  DeviceClient,
  DeviceLists,
  ERROR_STATUS,
  ErrorBody,
  FLEET_KEY_HEADER,
  INTERNAL_KEY_HEADER,
  InferenceError,
  InstanceStep,
  InstanceSummary,
  LogLine,
  OAuthError,
  PairedDevice,
  PendingDevice,
  ReconcileResult,
  JobOutcome,
  JobReport,
  RuntimeJob,
  RuntimeStatus,
  SESSION_COOKIE,
  USER_ID_HEADER,
  User,
} from "@oa/contract";
import type { ErrorCode } from "@oa/contract";
import * as z from "zod";
import type { Gate } from "../middleware/gates.ts";
import type { InputShape, Route } from "../route.ts";
import { codeIn, wireOf } from "../wire.ts";
import type { CodeNames, Wire } from "../wire.ts";

/** Shapes that have a name of their own in the document; all others are written out where they are used. */
const NAMED = {
  BackupRecord,
  BillingSummary,
  DeviceClient,
  DeviceLists,
  ErrorBody,
  InstanceStep,
  InstanceSummary,
  LogLine,
  PairedDevice,
  PendingDevice,
  ReconcileResult,
  JobOutcome,
  JobReport,
  RuntimeJob,
  RuntimeStatus,
  User,
};

const SECURITY: Record<Gate, Record<string, string[]>[]> = {
  none: [],
  actor: [{ session: [] }, { internalKey: [], userId: [] }],
  session: [{ session: [] }],
  admin: [{ session: [] }],
  internal: [{ internalKey: [] }],
  fleet: [{ fleetKey: [] }],
  open: [],
  editor: [{ editorToken: [] }],
  management: [{ managementKey: [] }],
  spender: [{ provisionedKey: [] }, { editorToken: [] }],
};

const GATE_ERRORS: Record<Gate, readonly ErrorCode[]> = {
  none: ["forbidden"],
  actor: ["unauthorized", "forbidden", "control_unreachable"],
  session: ["unauthorized", "forbidden", "control_unreachable"],
  admin: ["unauthorized", "forbidden", "control_unreachable"],
  internal: ["unauthorized"],
  fleet: ["unauthorized"],
  open: [],
  editor: ["unauthorized", "control_unreachable"],
  management: ["unauthorized", "control_unreachable"],
  spender: ["unauthorized", "key_revoked", "key_disabled", "key_expired", "control_unreachable"],
};

/** A JSON value, as `z.toJSONSchema` gives schemas. */
type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document of a route table, from the schemas its handlers parse with. */
export function openApiDocument(routes: readonly Route[]): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes)
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  return {
    openapi: "3.1.0",
    info: {
      title: "Managed OpenClaw",
      version: "1",
      description:
        "Every answer carries `x-request-id`. Under `/api/openclaw` and `/web` it is `{ ok: true, data }` or `{ ok: false, error: { code, message, details? } }`; the editor's API (`/api/v1`) and the CLI's (`/auth`, `/oauth`, `/credits`, `/usage`, `/keys`, `/v1`) have the forms shown with each path.",
    },
    paths,
    components: {
      schemas: Object.fromEntries(Object.keys(NAMED).map((name) => [name, namedSchema(name)])),
      securitySchemes: {
        session: { type: "apiKey", in: "cookie", name: SESSION_COOKIE },
        internalKey: { type: "apiKey", in: "header", name: INTERNAL_KEY_HEADER },
        userId: { type: "apiKey", in: "header", name: USER_ID_HEADER },
        fleetKey: { type: "apiKey", in: "header", name: FLEET_KEY_HEADER },
        editorToken: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
        managementKey: { type: "http", scheme: "bearer", bearerFormat: "sk-mgmt-…" },
        provisionedKey: { type: "http", scheme: "bearer", bearerFormat: "sk-prov-…" },
      },
    },
  };
}

/** What a status says where the schema does not. */
const STATUS_WORDS: Record<Route["status"], string> = {
  200: "OK",
  201: "OK",
  202: "Accepted; the work goes on",
  302: "Sent on",
};

function operation(route: Route): Json {
  const { summary, gate, input, answer, status, errors, method, path } = route;
  const wire = wireOf(path);
  return {
    operationId: operationId(method, path),
    summary,
    security: SECURITY[gate],
    parameters: parameters(input),
    ...(input.body !== undefined && {
      requestBody: { content: { "application/json": { schema: jsonSchema(input.body, "input") } } },
    }),
    responses: {
      [status]: { description: STATUS_WORDS[status], ...content(route, wire) },
      ...errorResponses(
        wire,
        [
          ...(Object.keys(input).length > 0 ? (["invalid_request"] as const) : []),
          ...GATE_ERRORS[gate],
          ...errors,
          ...(answer === null ? [] : (["not_configured"] as const)),
        ],
        route.codeNames,
      ),
    },
  };
}

function content({ answer, fileTypes }: Route, wire: Wire): Json {
  if (fileTypes !== undefined) {
    return { content: Object.fromEntries(fileTypes.map((type) => [type, { schema: { type: "string" } }])) };
  }
  if (answer === null) return {};
  return { content: { "application/json": { schema: successSchema(wire, jsonSchema(answer, "output")) } } };
}

/** `GET /api/openclaw/instance` -> `getApiOpenclawInstance`. */
export function operationId(method: string, path: string): string {
  const words = path.split(/[^A-Za-z]+/).filter((word) => word !== "");
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

function parameters(input: InputShape): Json[] {
  return [...parametersIn("path", input.params), ...parametersIn("query", input.query)];
}

function parametersIn(where: "path" | "query", schema: z.ZodType | undefined): Json[] {
  if (!(schema instanceof z.ZodObject)) return [];
  const shape: Record<string, z.ZodType> = schema.shape;
  return Object.entries(shape).map(([name, field]) => ({
    name,
    in: where,
    required: !field.safeParse(undefined).success,
    schema: jsonSchema(field, "input"),
  }));
}

function errorResponses(wire: Wire, codes: readonly ErrorCode[], names: CodeNames = {}): Json {
  const byStatus = Map.groupBy(new Set(codes), (code) => ERROR_STATUS[code]);
  const schema = FAILURE_SCHEMAS[wire];
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${codeIn(wire, code, names)}\``).join(", "),
        content: { "application/json": { schema } },
      },
    ]),
  );
}

/** The schema of a success, as `wire.ts` writes it. */
function successSchema(wire: Wire, data: Json): Json {
  const named = { type: "object", properties: { data }, required: ["data"] };
  switch (wire) {
    case "envelope":
      return { type: "object", properties: { ok: { const: true }, data }, required: ["ok", "data"] };
    case "cli":
      return named;
    case "editor":
    case "openai":
      return data;
    case "oauth":
      return { allOf: [data, named] };
  }
}

function ref(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

/** The named schemas once as a registry: inside any other schema they become references. */
const registry = z.registry<{ id: string }>();
for (const [name, schema] of Object.entries(NAMED)) registry.add(schema, { id: name });

function namedSchema(name: string): Json {
  const { schemas } = z.toJSONSchema(registry, {
    io: "output",
    unrepresentable: "any",
    uri: (id) => `#/components/schemas/${id}`,
  });
  return clean(schemas[name] ?? {});
}

function jsonSchema(schema: z.ZodType, io: "input" | "output"): Json {
  const json = z.toJSONSchema(schema, { io, unrepresentable: "any", metadata: registry, reused: "inline" });
  return clean(json);
}

/**
 * Drops what only a stand-alone schema carries, and points its definitions at the document's own. Objects stay open:
 * a client made from this document must not break when an answer gains a field.
 */
function clean(json: object): Json {
  const drop = (key: string, value: unknown) =>
    STAND_ALONE.has(key) || (key === "additionalProperties" && value === false);
  const text = JSON.stringify(json, (key, value: unknown) => (drop(key, value) ? undefined : value));
  return z.record(z.string(), z.unknown()).parse(JSON.parse(text.replaceAll("#/$defs/", "#/components/schemas/")));
}

const STAND_ALONE = new Set(["$schema", "$id", "$defs"]);

/** The schema of an error, as `wire.ts` writes it. Stands last: it is made with what is above. */
const FAILURE_SCHEMAS: Record<Wire, Json> = {
  envelope: {
    type: "object",
    properties: { ok: { const: false }, error: ref("ErrorBody") },
    required: ["ok", "error"],
  },
  editor: { type: "object", properties: { error: ref("ErrorBody") }, required: ["error"] },
  cli: jsonSchema(CliErrorBody, "output"),
  openai: jsonSchema(InferenceError, "output"),
  oauth: jsonSchema(OAuthError, "output"),
};
