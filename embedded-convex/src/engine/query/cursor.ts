/**
 * Pagination cursors: a place in one query's index range, sealed so that a client can neither read the key inside
 * (it may hold fields the client must not see) nor make one up. The same place gives the same text, so a live
 * query's unchanged page stays unchanged.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac } from "node:crypto";

/** "start" is before the first row, "end" after the last, otherwise just after the row with this key. */
export type Place = "start" | "end" | Uint8Array;

const IV_BYTES = 12;
const TAG_BYTES = 16;
const FINGERPRINT_BYTES = 16;
const KIND = { start: 0, end: 1, after: 2 } as const;

export class CursorCodec {
  private readonly key: Buffer;

  /** `key`: 32 secret bytes of this database. */
  constructor(key: Buffer) {
    this.key = key;
  }

  seal(place: Place, query: string): string {
    const kind = typeof place === "string" ? KIND[place] : KIND.after;
    const plain = Buffer.concat([
      Buffer.of(kind),
      fingerprint(query),
      typeof place === "string" ? Buffer.alloc(0) : place,
    ]);
    const iv = createHmac("sha256", this.key).update(plain).digest().subarray(0, IV_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.key, iv);
    return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString("base64url");
  }

  /** Null for a text this database did not seal, or sealed for another query. */
  open(text: string, query: string): Place | null {
    const sealed = Buffer.from(text, "base64url");
    if (sealed.length < IV_BYTES + TAG_BYTES + 1 + FINGERPRINT_BYTES) return null;
    const decipher = createDecipheriv("aes-256-gcm", this.key, sealed.subarray(0, IV_BYTES));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    try {
      const plain = Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
      if (!plain.subarray(1, 1 + FINGERPRINT_BYTES).equals(fingerprint(query))) return null;
      if (plain[0] === KIND.start) return "start";
      return plain[0] === KIND.end ? "end" : new Uint8Array(plain.subarray(1 + FINGERPRINT_BYTES));
    } catch {
      return null;
    }
  }
}

function fingerprint(query: string): Buffer {
  return createHash("sha256").update(query).digest().subarray(0, FINGERPRINT_BYTES);
}
