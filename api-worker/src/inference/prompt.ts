import { fieldOf } from "./fields.ts";

/**
 * How long a prompt may be, in tokens: an upper estimate, for the hold. Two bytes of UTF-8 for each token is more than any
 * kind of text needs (English has about 4.5, JSON 2.6, base64 2.2). Pictures and files are no text: their base64 is not read.
 */

/** Bytes of text that are at most one token. */
export const BYTES_PER_TOKEN = 2;

/** Tokens of a picture: more than the largest costs at the vendors that say, in low detail and in any other. */
const IMAGE_TOKENS = { low: 3_000, other: 10_000 };
/** A file: a few pages, and one token for so many characters of its base64. */
const FILE_TOKENS = 10_000;
const FILE_CHARACTERS_PER_TOKEN = 8;
/** Deeper than tool schemas go, and far from what a stack cannot hold. */
const MAX_DEPTH = 100;

/** Why a prompt is not taken, as a sentence for its sender. */
export class PromptProblem extends Error {}

/**
 * Upper estimate of the tokens of a request's body, all of it: messages, tools, schemas.
 *
 * @throws PromptProblem for what is nested too deeply, for sound, and for what names a file or an item stored at the vendor: those
 * belong to the installation's account there, which all of its users share.
 */
export function promptTokens(body: unknown): number {
  const sum = { bytes: 0, tokens: 0 };
  add(body, sum, 0);
  return Math.ceil(sum.bytes / BYTES_PER_TOKEN) + sum.tokens;
}

interface Sum {
  bytes: number;
  tokens: number;
}

function add(value: unknown, sum: Sum, depth: number): void {
  if (depth > MAX_DEPTH) throw new PromptProblem(`The body is nested more than ${MAX_DEPTH} levels deep.`);
  if (typeof value === "string") {
    // With its quotes and comma.
    sum.bytes += Buffer.byteLength(value) + 3;
  } else if (Array.isArray(value)) {
    sum.bytes += 2;
    for (const item of value) add(item, sum, depth + 1);
  } else if (typeof value === "object" && value !== null) {
    sum.bytes += 2;
    const medium = mediumOf(value, sum);
    for (const [name, field] of Object.entries(value)) {
      sum.bytes += Buffer.byteLength(name) + 3;
      if (field !== medium) add(field, sum, depth + 1);
    }
  } else {
    sum.bytes += String(value).length + 1;
  }
}

/** The field of a content part that is not text, when it has one; what it may cost is added. */
function mediumOf(part: object, sum: Sum): unknown {
  switch (fieldOf(part, "type")) {
    case "image_url":
    case "input_image": {
      refuseStored(part);
      const image = fieldOf(part, "image_url");
      const detail = fieldOf(part, "detail") ?? fieldOf(image, "detail");
      sum.tokens += detail === "low" ? IMAGE_TOKENS.low : IMAGE_TOKENS.other;
      return image;
    }
    case "file":
    case "input_file": {
      refuseStored(part);
      const file = fieldOf(part, "file") ?? part;
      refuseStored(file);
      const data = fieldOf(file, "file_data");
      sum.tokens += FILE_TOKENS + (typeof data === "string" ? Math.ceil(data.length / FILE_CHARACTERS_PER_TOKEN) : 0);
      if (fieldOf(part, "file_url") !== undefined) {
        throw new PromptProblem(
          "A file by its address is not taken here: its length is not known. Send it as file_data.",
        );
      }
      return file === part ? data : file;
    }
    case "input_audio":
      throw new PromptProblem("Sound is not taken here yet: there is no price for it.");
    case "item_reference":
      throw new PromptProblem("Items stored at the vendor are not taken here. Send them whole.");
    default:
      return undefined;
  }
}

function refuseStored(part: unknown): void {
  if (typeof fieldOf(part, "file_id") === "string") {
    throw new PromptProblem("Files stored at the vendor (file_id) are not taken here. Send them as data.");
  }
}
