import OpenAI from "openai";
import * as z from "zod";

/** The official client, pointed at a double, without retries of its own. */
export function clientOf(url: string, apiKey = "double_key_1234"): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
}

/** A message with nothing but orders. */
export function orders(double: object): { role: "user"; content: string } {
  return { role: "user", content: JSON.stringify({ double }) };
}

const Seen = z.object({
  count: z.int(),
  requests: z.array(
    z.looseObject({
      method: z.string(),
      path: z.string(),
      model: z.string().nullable(),
      auth_suffix: z.string().nullable(),
      status: z.int().nullable(),
      ended: z.string(),
      delivered_tokens: z.int(),
    }),
  ),
});

/** What the upstream says it has received. */
export async function seenBy(url: string): Promise<z.infer<typeof Seen>["requests"]> {
  return Seen.parse(await (await fetch(`${url}/double/requests`)).json()).requests;
}

/** Data lines of an event stream until it ends, and whether it ended by itself or was cut. */
export async function readEvents(response: Response): Promise<{ data: string[]; ending: "closed" | "cut" }> {
  let text = "";
  const finish = (ending: "closed" | "cut"): { data: string[]; ending: "closed" | "cut" } => ({
    data: text.split("\n\n").flatMap((event) => /^data: (.*)$/m.exec(event)?.[1] ?? []),
    ending,
  });
  try {
    const decoded = response.body?.pipeThrough(new TextDecoderStream());
    for await (const chunk of decoded ?? []) text += chunk;
    return finish("closed");
  } catch {
    return finish("cut");
  }
}
