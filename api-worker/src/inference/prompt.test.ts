import { describe, expect, it } from "vitest";
import { PromptProblem, promptTokens } from "./prompt.ts";

const user = (content: unknown) => ({ model: "m", messages: [{ role: "user", content }] });
const overhead = promptTokens(user(""));

/** Texts with the tokens a model of today counts in them (o200k). */
const TEXTS: readonly (readonly [string, string, number])[] = [
  ["English", "The quick brown fox jumps over the lazy dog. ".repeat(100), 1001],
  ["code", "export function add(a: number, b: number): number {\n  return a + b;\n}\n".repeat(50), 1000],
  ["JSON", '{"id":12345,"name":"x","ok":true},'.repeat(100), 1301],
];

describe("the estimate of a prompt", () => {
  it.each(TEXTS)("is at least what a model counts in %s, and at most four times that", (_name, text, tokens) => {
    const estimate = promptTokens(user(text)) - overhead;
    expect(estimate).toBeGreaterThanOrEqual(tokens);
    expect(estimate).toBeLessThanOrEqual(tokens * 4);
  });

  it("counts bytes, not letters: Chinese is not cheaper than it is", () => {
    expect(promptTokens(user("世界".repeat(100))) - overhead).toBe(300);
  });

  it("counts tools and schemas too", () => {
    const tools = [{ type: "function", function: { name: "f", description: "d".repeat(1000) } }];
    expect(promptTokens({ ...user(""), tools })).toBeGreaterThan(500);
  });

  it("takes a picture for a fixed sum, and its base64 for no text", () => {
    const picture = (bytes: number, detail?: string) =>
      user([{ type: "image_url", image_url: { url: `data:image/png;base64,${"A".repeat(bytes)}`, detail } }]);
    expect(promptTokens(picture(1_000_000))).toBe(promptTokens(picture(10)));
    expect(promptTokens(picture(10, "low"))).toBeLessThan(promptTokens(picture(10)));
  });

  it("is not fooled by text that looks like a picture", () => {
    expect(promptTokens(user(`data:image/png;base64,${"word ".repeat(10_000)}`))).toBeGreaterThan(20_000);
  });

  it("grows with a file", () => {
    const file = (size: number) => user([{ type: "file", file: { file_data: "A".repeat(size), filename: "a.pdf" } }]);
    expect(promptTokens(file(800_000)) - promptTokens(file(0))).toBe(100_000);
  });

  it.each([
    ["sound", [{ type: "input_audio", input_audio: { data: "AAAA", format: "wav" } }]],
    ["a stored file", [{ type: "input_file", file_id: "file-1" }]],
    ["a stored picture", [{ type: "input_image", file_id: "file-1" }]],
    ["a file somewhere else", [{ type: "input_file", file_url: "https://example.com/a.pdf" }]],
  ])("does not take %s", (_name, content) => {
    expect(() => promptTokens(user(content))).toThrow(PromptProblem);
  });
});
