/**
 * Header names of every hop. Names of the seed are kept in their spelling; HTTP compares them without case.
 */

/** Service callers of `/api/openclaw/*` and `/internal/*` prove themselves with it. Value: `OA_INTERNAL_KEY`. */
export const INTERNAL_KEY_HEADER = "X-OA-Internal-Key";
/** The user a service caller acts for. Refused from anyone without the right internal key. */
export const USER_ID_HEADER = "X-OA-User-Id";
/** Gate of one runtime's `/v1/*`. Value: the instance's own service token. */
export const SERVICE_TOKEN_HEADER = "X-OpenAgents-Service-Token";
/** Gate of Convex's `/control/*`. Value: `OA_CONTROL_KEY`. */
export const CONTROL_KEY_HEADER = "x-oa-control-key";
/** Gate of a fleet's `/fleet/*`, and of the events a fleet reports. Value: `OA_FLEET_KEY`. */
export const FLEET_KEY_HEADER = "x-oa-fleet-key";
/** On every answer, and forwarded on every hop a request causes. */
export const REQUEST_ID_HEADER = "x-request-id";

/** Where a reader of server-sent events left off: the id of the last one it has seen. Browsers send it by themselves. */
export const LAST_EVENT_ID_HEADER = "last-event-id";

/** Prefix of headers that only holders of a key may send; the public door refuses them from everyone else. */
export const PRIVILEGED_HEADER_PREFIX = "x-oa-";

/** Request headers the seed's CORS policy names; sent only to configured origins, never on internal routes. */
export const CORS_REQUEST_HEADERS = [
  "content-type",
  "authorization",
  INTERNAL_KEY_HEADER.toLowerCase(),
  USER_ID_HEADER.toLowerCase(),
  SERVICE_TOKEN_HEADER.toLowerCase(),
] as const;
