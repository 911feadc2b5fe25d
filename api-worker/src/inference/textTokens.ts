/**
 * How many tokens a text may have, without a vendor's tokenizer: a weight for each character, by its kind. The weights are no lower
 * than what o200k counts in random text of each kind, which is what someone sends who wants more read than was held for; digits
 * weigh more, because several vendors read them one by one. Prose and code are taken for two to four times what they are.
 */

/** Tokens for each byte of UTF-8, in hundredths. */
const LETTER = 55;
const SYMBOL = 90;
const COMMON = 75;
/** No tokenizer makes more than one token of a byte. */
const RARE = 100;
/** A capital behind a small letter begins a token: random capitals are read nearly letter by letter. */
const NEW_WORD = 60;

/** Letters that today's vocabularies have, beyond ASCII; marks that stand on other letters and scripts that few write are not among them. */
const COMMON_LETTERS: readonly (readonly [from: number, to: number])[] = [
  // Latin, Greek, Cyrillic, Hebrew, Arabic
  [0xa0, 0x17f],
  [0x386, 0x3ce],
  [0x400, 0x45f],
  [0x5d0, 0x5ea],
  [0x620, 0x64a],
  // Scripts of India, Thai
  [0x900, 0xd7f],
  [0xe00, 0xe5f],
  // Quotes and dashes
  [0x2010, 0x2027],
  // Kana, Chinese, Korean, full-width forms, pictures
  [0x3000, 0x30ff],
  [0x4e00, 0x9fff],
  [0xac00, 0xd7a3],
  [0xff00, 0xff60],
  [0x1f300, 0x1faff],
];

/** Upper estimate of the tokens of a text, in hundredths of a token. */
export function textTokens(text: string): number {
  let sum = 0;
  let wasSmall = false;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    const isSmall = unit >= 0x61 && unit <= 0x7a;
    if (unit < 0x80) {
      sum += asciiWeight(unit);
      if (wasSmall && unit >= 0x41 && unit <= 0x5a) sum += NEW_WORD;
    } else {
      const point = text.codePointAt(index) ?? unit;
      if (point > 0xffff) index += 1;
      sum += bytesOf(point) * (isCommon(point) ? COMMON : RARE);
    }
    wasSmall = isSmall;
  }
  return sum;
}

function asciiWeight(code: number): number {
  if ((code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x20) return LETTER;
  // Digits; and control characters, but for tabs and ends of lines.
  if (code >= 0x30 && code <= 0x39) return RARE;
  if (code < 0x20 || code === 0x7f) return code >= 0x09 && code <= 0x0d ? LETTER : RARE;
  return SYMBOL;
}

function bytesOf(point: number): number {
  if (point < 0x800) return 2;
  return point > 0xffff ? 4 : 3;
}

function isCommon(point: number): boolean {
  return COMMON_LETTERS.some(([from, to]) => point >= from && point <= to);
}
