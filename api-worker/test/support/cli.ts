import { CliErrorBody } from "@oa/contract";
import * as z from "zod";
import type { Answer } from "./world.ts";

/** The `data` of a success in the CLI's form. */
export function cliData<S extends z.ZodType>(schema: S, answer: Answer): z.output<S> {
  return schema.parse(z.object({ data: z.unknown() }).parse(JSON.parse(answer.text)).data);
}

/** The name of an error in the CLI's form. */
export function cliErrorOf(answer: Answer): string {
  return CliErrorBody.parse(JSON.parse(answer.text)).error.code;
}
