/** How values and validators are written in error messages. */
import type { Json } from "../types.ts";
import { isObject, special } from "./json.ts";
import type { Validator } from "./validator.ts";

const MAX_CHARS = 4096;

/** `{author: "sarah", n: 1.0}`: field names bare, floats with a point, as Convex prints them. */
export function describeValue(value: Json): string {
  const text = describe(value);
  return text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}[...truncated]` : text;
}

function describe(value: Json): string {
  if (typeof value === "number")
    return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : String(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(describe).join(", ")}]`;
  const decoded = isObject(value) ? special(value) : null;
  switch (decoded?.kind) {
    case undefined:
      return `{${Object.entries(value)
        .map(([name, item]) => `${name}: ${describe(item)}`)
        .join(", ")}}`;
    case "int64":
      return String(decoded.value);
    case "float":
      return Object.is(decoded.value, -0) ? "-0.0" : String(decoded.value);
    case "bytes":
      return `b"${Buffer.from(decoded.value).toString("hex")}"`;
    case "commitTs":
      return "[unresolved commit timestamp]";
    case "undefined":
      return "undefined";
  }
}

/** `v.object({author: v.string(), n: v.optional(v.float64())})`. */
export function describeValidator(validator: Validator): string {
  switch (validator.type) {
    case "number":
      return "v.float64()";
    case "bigint":
      return "v.int64()";
    case "literal":
      return `v.literal(${describe(validator.value)})`;
    case "id":
      return `v.id("${validator.tableName}")`;
    case "array":
      return `v.array(${describeValidator(validator.value)})`;
    case "record":
      return `v.record(${describeValidator(validator.keys)}, ${describeValidator(validator.values)})`;
    case "union":
      return `v.union(${validator.value.map(describeValidator).join(", ")})`;
    case "object":
      return `v.object({${[...validator.value]
        .map(([name, field]) => {
          const inner = describeValidator(field.validator);
          return `${name}: ${field.optional ? `v.optional(${inner})` : inner}`;
        })
        .join(", ")}})`;
    default:
      return `v.${validator.type}()`;
  }
}
