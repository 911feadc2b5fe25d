/**
 * All documents as the .zip that `npx convex import` takes: `<table>/documents.jsonl`, one document a line with its
 * `_id` and `_creationTime`, values in Convex's JSON encoding. `_tables/documents.jsonl` names the number that is part
 * of every id of a table, so that ids keep their meaning. Components are below `_components/<name>/`.
 */
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ZipFile } from "yazl";
import { Catalog, type Table } from "../engine/storage/catalog.ts";
import { Connection } from "../engine/storage/connection.ts";
import { tablePages } from "../engine/storage/reader.ts";
import { makeCopy } from "./copies.ts";

const PAGE = 512;

export interface ExportResult {
  tables: number;
  documents: number;
}

/** Writes the zip to `to`, as of one commit, whether or not a server runs on the data directory. */
export function exportDataDir(dataDir: string, to: string): Promise<ExportResult> {
  return makeCopy(dataDir, to, async (database, draft) => {
    const connection = new Connection(database, { readOnly: true });
    try {
      connection.exec("BEGIN");
      return await writeZip(connection, draft);
    } finally {
      connection.close();
    }
  });
}

async function writeZip(connection: Connection, file: string): Promise<ExportResult> {
  const tables = Catalog.load(connection)
    .all()
    .filter((table) => !table.name.startsWith("_"));
  const result: ExportResult = { tables: tables.length, documents: 0 };
  const zip = new ZipFile();
  const written = pipeline(zip.outputStream, createWriteStream(file));
  for (const [component, own] of Map.groupBy(tables, (table) => table.component)) {
    const folder = folderOf(component);
    const numbers = own.map(({ name, number }) => `${JSON.stringify({ name, id: number })}\n`);
    zip.addBuffer(Buffer.from(numbers.join("")), `${folder}_tables/documents.jsonl`);
    for (const table of own) {
      zip.addReadStreamLazy(`${folder}${table.name}/documents.jsonl`, (done) =>
        done(null, Readable.from(lines(connection, table, result))),
      );
    }
  }
  zip.end();
  await written;
  return result;
}

/** `a/b` -> `_components/a/_components/b/`; the app itself is at the top. */
function folderOf(component: string): string {
  const names = component === "" ? [] : component.split("/");
  return names.map((name) => `_components/${name}/`).join("");
}

/** A table's documents in order of creation, a page of them at a time. */
function* lines(connection: Connection, table: Table, result: ExportResult): Generator<string> {
  for (const page of tablePages(connection, table, PAGE)) {
    result.documents += page.length;
    yield page.map((document) => `${document.text}\n`).join("");
  }
}
