/** The text of every entry of a .zip, by name. */
import { text } from "node:stream/consumers";
import { openPromise } from "yauzl";

export async function unzip(file: string): Promise<Map<string, string>> {
  const zip = await openPromise(file);
  const entries = new Map<string, string>();
  for await (const entry of zip.eachEntry())
    entries.set(entry.fileName, await text(await zip.openReadStreamPromise(entry)));
  return entries;
}
