import { describe, expect, it } from "vitest";
import { PromptProblem, promptTokens } from "./prompt.ts";

const user = (content: unknown, model = "m") => ({ model, messages: [{ role: "user", content }] });
const overhead = promptTokens(user(""));
const textOnly = (text: string) => promptTokens(user(text)) - overhead;

/** Texts with the tokens a model of today counts in them (o200k). */
const TEXTS: readonly (readonly [string, string, number])[] = [
  ["English", "The quick brown fox jumps over the lazy dog. ".repeat(100), 1001],
  ["code", "export function add(a: number, b: number): number {\n  return a + b;\n}\n".repeat(50), 1000],
  ["JSON", '{"id":12345,"name":"x","ok":true},'.repeat(100), 1301],
  ["Chinese", "人工智能正在改变我们的生活方式，许多公司都在投入大量资源进行研究和开发。".repeat(20), 420],
];

describe("the estimate of a prompt", () => {
  it.each(TEXTS)("is at least what a model counts in %s, and at most four times that", (_name, text, tokens) => {
    expect(textOnly(text)).toBeGreaterThanOrEqual(tokens);
    expect(textOnly(text)).toBeLessThanOrEqual(tokens * 4);
  });

  // Tokens for each byte that o200k counts in random text of the kind; of digits, what vendors count that read them singly.
  it.each([
    ["digits", "8306427951", 1],
    ["symbols", "{!]^~|@}<#", 0.67],
    ["letters in random case", "qZxJvKwQyPbXfGhT", 0.64],
    ["rare Chinese", "𠀋𠂊𡃁𢰝𤧛", 1],
    ["cuneiform", "𒀀𒁹𒂊𒃻𒄿", 1],
    ["marks piled on letters", "\u0301\u0308\u0322\u0336\u0347", 0.95],
    ["characters of private use", "\ue000\ue123\uf000", 0.97],
    ["control characters", "\u0001\u0007\u001f", 1],
    ["Korean at random", "뷁쒧꽯쯟", 0.74],
  ])("is not undercut by %s, of which a model makes more tokens than of prose", (_name, text, tokensPerByte) => {
    const bytes = Buffer.byteLength(text) * 1000;
    expect(textOnly(text.repeat(1000))).toBeGreaterThanOrEqual(Math.floor(bytes * tokensPerByte));
  });

  it("counts tools and schemas too, and what vendors tell a model of them", () => {
    const tools = [{ type: "function", function: { name: "f", description: "d".repeat(1000) } }];
    expect(promptTokens({ ...user(""), tools })).toBeGreaterThan(1500);
  });

  it("takes a picture for a fixed sum, and its base64 for no text", () => {
    const picture = (bytes: number, detail?: string) =>
      user([{ type: "image_url", image_url: { url: `data:image/png;base64,${"A".repeat(bytes)}`, detail } }]);
    expect(promptTokens(picture(1_000_000))).toBe(promptTokens(picture(10)));
    expect(promptTokens(picture(10, "low"))).toBeLessThan(promptTokens(picture(10)));
  });

  it("takes more for a picture where a model counts it dearer", () => {
    const content = [{ type: "image_url", image_url: { url: "https://example.com/a.png" } }];
    // A square of 2,048: 2,833 and six tiles of 5,667.
    for (const model of ["gpt-4o-mini", "openai/gpt-4o-mini-2024-07-18"])
      expect(promptTokens(user(content, model))).toBeGreaterThan(36_835);
    expect(promptTokens(user(content, "gpt-4o"))).toBeLessThan(11_000);
  });

  it("grows with a file, with its name, and with the text in it", () => {
    const file = (data: string, name = "a.pdf") => user([{ type: "file", file: { file_data: data, filename: name } }]);
    const pdf = (size: number) => promptTokens(file(`data:application/pdf;base64,${"A".repeat(size)}`));
    expect(pdf(800_000) - pdf(0)).toBe(200_000);
    const text = "A".repeat(800_000);
    // Of three bytes of text, four characters of base64, at most three tokens are made; of most text far fewer.
    expect(promptTokens(file(`data:text/plain;base64,${text}`)) - pdf(0)).toBeGreaterThan(500_000);
    expect(promptTokens(file("AAAA", "long name ".repeat(10_000)))).toBeGreaterThan(50_000);
  });
});

describe("text that wants to be taken for something cheaper", () => {
  const words = "word ".repeat(10_000);
  const long = 20_000;

  it.each<[string, object]>([
    ["that begins like a picture", user(`data:image/png;base64,${words}`)],
    ["beside a picture of the same words", user([{ type: "input_image", image_url: url(words), text: url(words) }])],
    [
      "in a tool's schema that looks like a picture",
      { ...user(""), tools: [{ type: "function", function: { parameters: { type: "image_url", image_url: words } } }] },
    ],
    [
      "behind a prototype's name",
      user(JSON.parse(JSON.stringify({ type: "text" }).replace("}", `,"__proto__":"${words}"}`))),
    ],
    [
      "in what a tool gave back",
      { model: "m", input: [{ type: "function_call_output", call_id: "c", output: words }] },
    ],
    ["in a part that says no type", user([{ text: words }])],
  ])("%s is counted as text", (_name, body) => {
    expect(promptTokens(body)).toBeGreaterThan(long);
  });

  function url(text: string): string {
    return `https://example.com/${text}`;
  }
});

describe("a prompt is not taken", () => {
  it.each<[string, unknown]>([
    ["with sound", [{ type: "input_audio", input_audio: { data: "AAAA", format: "wav" } }]],
    ["with a stored file", [{ type: "input_file", file_id: "file-1" }]],
    ["with a stored picture", [{ type: "input_image", file_id: "file-1" }]],
    ["with a file somewhere else", [{ type: "input_file", file_url: "https://example.com/a.pdf" }]],
    [
      "with a file of a kind that may unfold",
      [{ type: "file", file: { file_data: "data:application/zip;base64,AA" } }],
    ],
    ["with a film", [{ type: "video_url", video_url: { url: "https://example.com/two-hours.mp4" } }]],
    ["with a document of another vendor's form", [{ type: "document", source: { type: "url", url: "https://e.com" } }]],
    ["with sound by its address", [{ type: "audio_url", audio_url: { url: "https://example.com/a.mp3" } }]],
    ["with a film in the place of a picture", [{ type: "image_url", image_url: { url: "data:video/mp4;base64,AA" } }]],
    ["with words in the place of a picture", [{ type: "image_url", image_url: { url: "word ".repeat(1000) } }]],
  ])("%s", (_name, content) => {
    expect(() => promptTokens(user(content))).toThrow(PromptProblem);
    expect(() => promptTokens({ model: "m", input: [{ role: "user", content }] })).toThrow(PromptProblem);
  });

  it.each<[string, object]>([
    ["that refers to a stored item without saying so", { model: "m", input: [{ id: "msg_1" }] }],
    ["that refers to a stored item with a type of nothing", { model: "m", input: [{ id: "msg_1", type: null }] }],
    [
      "that refers to sound answered before",
      { model: "m", messages: [{ role: "assistant", audio: { id: "audio_1" } }] },
    ],
    [
      "with a stored picture of what a tool saw",
      {
        model: "m",
        input: [{ type: "computer_call_output", output: { type: "computer_screenshot", file_id: "file-1" } }],
      },
    ],
  ])("%s", (_name, body) => {
    expect(() => promptTokens(body)).toThrow(PromptProblem);
  });
});
