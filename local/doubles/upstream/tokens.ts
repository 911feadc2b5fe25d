/**
 * The double's tokens: four bytes of UTF-8 are one, the rest counts as a whole one. No model counts so; but it is the same
 * at every run and close enough (about 4 bytes a token in English).
 */
const BYTES_PER_TOKEN = 4;

/** Tokens of a text. */
export function countTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}

/** The longest beginning of a text that has at most `tokens` tokens and ends between two characters. */
export function cutToTokens(text: string, tokens: number): string {
  const limit = tokens * BYTES_PER_TOKEN;
  if (Buffer.byteLength(text) <= limit) return text;
  const bytes = Buffer.from(text).subarray(0, limit);
  let end = bytes.length;
  // Bytes 10xxxxxx continue a character: step back to where the cut one began.
  while (end > 0 && isContinuation(Buffer.from(text)[end] ?? 0)) end -= 1;
  return bytes.subarray(0, end).toString();
}

function isContinuation(byte: number): boolean {
  return byte >= 0x80 && byte < 0xc0;
}

/** A text of exactly `tokens` tokens that begins like the given one and repeats it as often as needed. */
export function fillToTokens(text: string, tokens: number): string {
  const wanted = tokens * BYTES_PER_TOKEN;
  const unit = `${text} `;
  const filled = cutToTokens(unit.repeat(Math.ceil(wanted / Buffer.byteLength(unit))), tokens);
  return filled + ".".repeat(wanted - Buffer.byteLength(filled));
}

/** A text in `count` pieces of nearly equal length; some are empty where there are more pieces than characters. */
export function splitInto(text: string, count: number): string[] {
  const characters = Array.from(text);
  return Array.from({ length: count }, (_, index) =>
    characters
      .slice(Math.round((index * characters.length) / count), Math.round(((index + 1) * characters.length) / count))
      .join(""),
  );
}
