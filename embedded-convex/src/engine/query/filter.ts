/** Evaluates `q.filter(...)` expressions over a document. */
import { convexToJson, jsonToConvex } from "convex/values";
import type { Json } from "../types.ts";
import { asText, field, isObject, special, type JsonObject } from "../values/json.ts";
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

const NEGATE: Arithmetic = { number: (a) => -a, bigint: (a) => -a };

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
  if (operator === "$literal")
    return isObject(argument) && special(argument)?.kind === "undefined" ? undefined : argument;
  if (operator === "$not") return evaluate(argument, document) !== true;
  if (operator === "$neg") return calculate(NEGATE, evaluate(argument, document));
  if (!Array.isArray(argument)) throw new TypeError(`malformed filter operator ${operator}`);
  if (operator === "$and") return argument.every((item) => evaluate(item, document) === true);
  if (operator === "$or") return argument.some((item) => evaluate(item, document) === true);
  const [left, right] = [evaluate(argument[0] ?? null, document), evaluate(argument[1] ?? null, document)];
  const comparison = COMPARISONS[operator];
  if (comparison !== undefined) return comparison(compareJson(left, right));
  const calculation = ARITHMETIC[operator];
  if (calculation === undefined) throw new TypeError(`unknown filter operator ${operator}`);
  return calculate(calculation, left, right);
}

function calculate({ number, bigint }: Arithmetic, left: Operand, right: Operand = left): Json {
  const [a, b] = [jsonToConvex(left ?? null), jsonToConvex(right ?? null)];
  if (typeof a === "number" && typeof b === "number") return convexToJson(number(a, b));
  if (typeof a === "bigint" && typeof b === "bigint") return convexToJson(BigInt.asIntN(64, bigint(a, b)));
  throw new TypeError("Arithmetic in a filter needs two numbers of the same type.");
}
