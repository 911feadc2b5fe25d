import { fieldOf } from "./fields.ts";
import { textTokens } from "./textTokens.ts";

/**
 * How long a prompt may be, in tokens: an upper estimate, for the hold. All of a body is text, but for the parts of a message that
 * vendors read as something else: pictures and files. A kind of part that is not known here is refused, because a film by its
 * address is as cheap to send as a picture and costs a thousand times as much.
 */

/** Tokens of a picture, in low detail and in any other: as much as the largest costs at the vendors that say. */
const PICTURE = { low: 3_000, other: 10_000 };
/** One model counts a picture for 5,667 tokens a tile, of which there are up to eight. */
const DEAR_PICTURE = { low: 3_000, other: 50_000 };
const DEAR_PICTURE_MODEL = /(?:^|\/)gpt-4o-mini(?:$|-)/;

/** A file: a few pages, and one token for so many characters of its base64. Of a PDF vendors read each page as text and as a picture. */
const FILE_TOKENS = 10_000;
const CHARACTERS_PER_TOKEN = { pdf: 4, text: 1.5 };

/** What some vendors say to a model about its tools, beside what their user says. */
const TOOLS_TOKENS = 1_000;
/** Deeper than tool schemas go, and far from what a stack cannot hold. */
const MAX_DEPTH = 100;

/** Why a prompt is not taken, as a sentence for its sender. */
export class PromptProblem extends Error {}

/**
 * Upper estimate of the tokens of a request's body, all of it: messages, tools, schemas.
 *
 * @throws PromptProblem for what is nested too deeply, for parts that have no bound or no price, and for what names a file or an item
 * stored at the vendor: those belong to the installation's account there, which all of its users share.
 */
export function promptTokens(body: object): number {
  const model = fieldOf(body, "model");
  const sum: Sum = {
    hundredths: 0,
    tokens: 0,
    picture: typeof model === "string" && DEAR_PICTURE_MODEL.test(model) ? DEAR_PICTURE : PICTURE,
  };
  for (const [name, field] of Object.entries(body)) {
    addText(name, sum);
    if ((name === "messages" || name === "input") && Array.isArray(field)) for (const turn of field) addTurn(turn, sum);
    else addText(field, sum);
    if ((name === "tools" || name === "functions") && Array.isArray(field)) sum.tokens += TOOLS_TOKENS;
  }
  return Math.ceil(sum.hundredths / 100) + sum.tokens;
}

interface Sum {
  /** Of a token. */
  hundredths: number;
  tokens: number;
  picture: { low: number; other: number };
}

/** Quotes, brackets and commas, which are hardly ever tokens of their own. */
const PUNCTUATION = 200;

/** Anything, as the text it is written in. */
function addText(value: unknown, sum: Sum, depth = 0): void {
  if (depth > MAX_DEPTH) throw new PromptProblem(`The body is nested more than ${MAX_DEPTH} levels deep.`);
  sum.hundredths += PUNCTUATION;
  if (typeof value === "string") {
    sum.hundredths += textTokens(value);
  } else if (Array.isArray(value)) {
    for (const item of value) addText(item, sum, depth + 1);
  } else if (typeof value === "object" && value !== null) {
    for (const [name, field] of Object.entries(value)) {
      sum.hundredths += textTokens(name);
      addText(field, sum, depth + 1);
    }
  } else {
    sum.hundredths += textTokens(String(value));
  }
}

/** A message, or another item of a conversation. */
function addTurn(turn: unknown, sum: Sum): void {
  const type = fieldOf(turn, "type");
  const isPart = typeof type === "string" && PARTS.has(type);
  if (typeof turn !== "object" || turn === null || Array.isArray(turn) || isPart) {
    addPart(turn, sum);
    return;
  }
  // An item with nothing but an id is one stored at the vendor, whether it says so or not.
  const isReference = type === "item_reference" || ((type ?? null) === null && fieldOf(turn, "role") === undefined);
  if (isReference && fieldOf(turn, "id") !== undefined) {
    throw new PromptProblem("Items stored at the vendor are not taken here. Send them whole.");
  }
  if ((fieldOf(turn, "audio") ?? null) !== null) throw noSound();
  for (const [name, field] of Object.entries(turn)) {
    addText(name, sum);
    if (name !== "content" && name !== "output") addText(field, sum);
    else if (Array.isArray(field)) for (const part of field) addPart(part, sum);
    else addPart(field, sum);
  }
}

type PartKind = "text" | "picture" | "file" | "sound";
/** The parts of a message that are known, and what they are read as. */
const PARTS: ReadonlyMap<string, PartKind> = new Map<string, PartKind>([
  ["text", "text"],
  ["input_text", "text"],
  ["output_text", "text"],
  ["summary_text", "text"],
  ["reasoning_text", "text"],
  ["thinking", "text"],
  ["refusal", "text"],
  ["image_url", "picture"],
  ["input_image", "picture"],
  ["file", "file"],
  ["input_file", "file"],
  ["input_audio", "sound"],
]);

function addPart(part: unknown, sum: Sum): void {
  const type = fieldOf(part, "type");
  // What says no type is read as nothing else than text either.
  const kind = typeof type === "string" ? PARTS.get(type) : "text";
  switch (kind) {
    case "text":
      addText(part, sum);
      return;
    case "picture":
      addPicture(part, sum);
      return;
    case "file":
      addFile(part, sum);
      return;
    case "sound":
      throw noSound();
    case undefined:
      throw new PromptProblem(
        `Content of the type ${JSON.stringify(type)} is not taken here: what it costs is not known before it is read.`,
      );
  }
}

function noSound(): PromptProblem {
  return new PromptProblem("Sound is not taken here yet: there is no price for it.");
}

/** Where a picture is, or the picture itself. Anything else in that place is text. */
const PICTURE_URL = /^(?:https?:\/\/|data:image\/)/i;

function addPicture(part: unknown, sum: Sum): void {
  const image = fieldOf(part, "image_url");
  refuseStored(part);
  refuseStored(image);
  const url = typeof image === "string" ? image : fieldOf(image, "url");
  if (typeof url !== "string" || !PICTURE_URL.test(url)) {
    throw new PromptProblem("A picture is sent as image_url: an http(s) address, or data:image/… with its base64.");
  }
  const detail = fieldOf(part, "detail") ?? fieldOf(image, "detail");
  sum.tokens += detail === "low" ? sum.picture.low : sum.picture.other;
  addText(
    typeof image === "string" ? without(part, "image_url") : without(part, "image_url", without(image, "url")),
    sum,
  );
}

const FILE_DATA = /^data:([\w.+-]+\/[\w.+-]+)[;,]/i;
/** Text, whatever it is the text of. */
const TEXT_FILE = /^(?:text\/[\w.+-]+|application\/(?:json|xml|yaml|javascript))$/i;

function addFile(part: unknown, sum: Sum): void {
  const inner = fieldOf(part, "file");
  const file = typeof inner === "object" && inner !== null ? inner : part;
  for (const place of [part, file]) {
    refuseStored(place);
    if ((fieldOf(place, "file_url") ?? null) === null) continue;
    throw new PromptProblem("A file by its address is not taken here: its length is not known. Send it as file_data.");
  }
  const data = fieldOf(file, "file_data");
  if (typeof data !== "string") throw new PromptProblem("A file is sent as file_data, in base64.");
  const type = FILE_DATA.exec(data)?.[1] ?? "application/pdf";
  const kind = /^application\/pdf$/i.test(type) ? "pdf" : "text";
  if (kind === "text" && !TEXT_FILE.test(type)) {
    throw new PromptProblem(`Files of the type ${type} are not taken here: only PDF and text are.`);
  }
  sum.tokens += FILE_TOKENS + Math.ceil(data.length / CHARACTERS_PER_TOKEN[kind]);
  const rest = without(file, "file_data");
  addText(file === part ? rest : without(part, "file", rest), sum);
}

function refuseStored(part: unknown): void {
  if ((fieldOf(part, "file_id") ?? null) === null) return;
  throw new PromptProblem("Files stored at the vendor (file_id) are not taken here. Send them as data.");
}

/** A copy with another value in the place of a field, or with none. */
function without(value: unknown, name: string, instead: unknown = null): object {
  return { ...(typeof value === "object" ? value : {}), [name]: instead };
}
