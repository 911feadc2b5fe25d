/** Evaluates `q.filter(...)` expressions over a document. */
import type { Json } from "../types.ts";
import { asText, field, int64, isObject, special, UNDEFINED, type JsonObject } from "../values/json.ts";
import { compareJson } from "../values/keys.ts";

type Operand = Json | undefined;

const COMPARISONS: Record<string, (order: number) => boolean> = {
  $eq: (order) => order === 0,
  $neq: (order) => order !== 0,
  $lt: (order) => order < 0,
  $lte: (order) => order <= 0,
  $gt: (order) => order > 0,
  $gte: (order) => order >= 0,
};

interface Arithmetic {
  number: (a: number, b: number) => number;
  bigint: (a: bigint, b: bigint) => bigint;
}

const ARITHMETIC: Record<string, Arithmetic> = {
  $add: { number: (a, b) => a + b, bigint: (a, b) => a + b },
  $sub: { number: (a, b) => a - b, bigint: (a, b) => a - b },
  $mul: { number: (a, b) => a * b, bigint: (a, b) => a * b },
  $div: { number: (a, b) => a / b, bigint: (a, b) => a / b },
  $mod: { number: (a, b) => a % b, bigint: (a, b) => a % b },
};

/** True when the document passes. Throws for malformed expressions and for arithmetic on anything but two numbers of one type. */
export function passes(expression: Json, document: JsonObject): boolean {
  return evaluate(expression, document) === true;
}

function evaluate(expression: Json, document: JsonObject): Operand {
  if (!isObject(expression)) return expression;
  const [operator = "", ...others] = Object.keys(expression);
  if (others.length > 0) throw new TypeError("malformed filter expression");
  const argument = expression[operator] ?? null;
  if (operator === "$field") return field(document, asText(argument));
  if (operator === "$literal") return isUndefined(argument) ? undefined : argument;
  if (operator === "$not") return evaluate(argument, document) !== true;
  if (operator === "$neg")
    return arithmetic({ number: (_, b) => -b, bigint: (_, b) => -b }, 0, evaluate(argument, document), true);
  if (!Array.isArray(argument)) throw new TypeError(`malformed filter operator ${operator}`);
  if (operator === "$and") return argument.every((item) => evaluate(item, document) === true);
  if (operator === "$or") return argument.some((item) => evaluate(item, document) === true);
  const [left, right] = [evaluate(argument[0] ?? null, document), evaluate(argument[1] ?? null, document)];
  const comparison = COMPARISONS[operator];
  if (comparison !== undefined) return comparison(compareJson(left, right));
  const calculation = ARITHMETIC[operator];
  if (calculation === undefined) throw new TypeError(`unknown filter operator ${operator}`);
  return arithmetic(calculation, left, right);
}

function arithmetic(operation: Arithmetic, left: Operand, right: Operand, unary = false): Json {
  const [a, b] = [numeric(left), numeric(right)];
  if (typeof b === "bigint" && (typeof a === "bigint" || unary))
    return int64(BigInt.asIntN(64, operation.bigint(typeof a === "bigint" ? a : 0n, b)));
  if (typeof a === "number" && typeof b === "number") return encodeNumber(operation.number(a, b));
  throw new TypeError("Arithmetic in a filter needs two numbers of the same type.");
}

function numeric(operand: Operand): number | bigint | null {
  if (typeof operand === "number") return operand;
  const decoded = isObject(operand) ? special(operand) : null;
  return decoded?.kind === "int64" || decoded?.kind === "float" ? decoded.value : null;
}

function encodeNumber(value: number): Json {
  if (Number.isFinite(value) && !Object.is(value, -0)) return value;
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return { $float: bytes.toString("base64") };
}

function isUndefined(value: Json): boolean {
  return isObject(value) && Object.keys(value).length === 1 && Object.hasOwn(value, Object.keys(UNDEFINED)[0] ?? "");
}
