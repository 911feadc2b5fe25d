import { findObject } from "./json.ts";

/** A function the caller offers. */
export interface OfferedTool {
  name: string;
  /** JSON Schema of its arguments. */
  parameters: unknown;
}

/** What the caller wants of its tools. */
export type ToolChoice = "auto" | "none" | "required" | { name: string };

/** A call the double makes. */
export interface ToolCall {
  name: string;
  /** JSON. */
  arguments: string;
}

/**
 * The call the double makes, or null for an answer in words. It calls where it must, and with "auto" where the user says
 * `call the tool <name>`; a JSON object behind the name becomes the arguments, else they are made up from the schema.
 */
export function decideCall(options: {
  tools: readonly OfferedTool[];
  choice: ToolChoice;
  text: string;
  /** The conversation ends with a tool's result: the user's wish is fulfilled. */
  afterTool: boolean;
}): ToolCall | null {
  const { tools, choice, text, afterTool } = options;
  if (choice === "none") return null;
  const tool =
    typeof choice === "object"
      ? tools.find((offered) => offered.name === choice.name)
      : choice === "required"
        ? (named(tools, text) ?? tools[0])
        : afterTool
          ? undefined
          : named(tools, text);
  if (tool === undefined) return null;
  const given = findObject(text.slice(Math.max(0, text.indexOf(tool.name))), /\{/);
  const args = given === null || given === "broken" ? sample(tool.parameters, 0) : given.value;
  return { name: tool.name, arguments: JSON.stringify(args) };
}

function named(tools: readonly OfferedTool[], text: string): OfferedTool | undefined {
  const name = /\bcall the tool[\s`'"]+([\w.-]+)/i.exec(text)?.[1];
  return tools.find((tool) => tool.name === name);
}

const MAX_DEPTH = 5;

/** A value that fits a JSON Schema as far as tools use it: types, enums, constants and required properties. */
function sample(schema: unknown, depth: number): unknown {
  const type = field(schema, "type");
  const choices = field(schema, "enum");
  if (Array.isArray(choices) && choices.length > 0) return choices[0];
  const constant = field(schema, "const") ?? field(schema, "default");
  if (constant !== undefined) return constant;
  switch (Array.isArray(type) ? type[0] : type) {
    case "string":
      return "example";
    case "integer":
    case "number":
      return field(schema, "minimum") ?? 1;
    case "boolean":
      return true;
    case "array":
      return depth < MAX_DEPTH ? [sample(field(schema, "items"), depth + 1)] : [];
    case "null":
      return null;
    default: {
      const required = field(schema, "required");
      const names = Array.isArray(required) && depth < MAX_DEPTH ? required.map(String) : [];
      const properties = field(schema, "properties");
      return Object.fromEntries(names.map((name) => [name, sample(field(properties, name), depth + 1)]));
    }
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
