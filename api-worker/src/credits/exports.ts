import type { CliExportQuery, ExportPageQuery, LedgerEntry, UsageEvent } from "@oa/contract";
import { usdOfMicro } from "@oa/contract";
import type { ControlClient } from "../control/client.ts";
import type { FileAnswer } from "../route.ts";
import { csvLine } from "./csv.ts";
import type { Cell } from "./csv.ts";
import { iso } from "../iso.ts";

/** Columns of a file, in order: the same in both formats. */
type Columns<Row> = readonly (readonly [name: string, cell: (row: Row) => Cell])[];
type Format = CliExportQuery["format"];

const CONTENT_TYPES: Record<Format, string> = {
  csv: "text/csv; charset=utf-8; header=present",
  jsonl: "application/x-ndjson; charset=utf-8",
};
/** Content types of the exports, as the document lists them. */
export const EXPORT_TYPES = ["text/csv", "application/x-ndjson"] as const;

const LEDGER: Columns<LedgerEntry> = [
  ["id", (row) => row.seq],
  ["created_at", (row) => iso(row.created_at)],
  ["type", (row) => row.type],
  ["kind", (row) => row.kind],
  ["amount_usd", (row) => usdOfMicro(row.amount_microusd)],
  ["amount_microusd", (row) => row.amount_microusd],
  ["balance_after_usd", (row) => usdOfMicro(row.balance_after_microusd)],
  ["balance_after_microusd", (row) => row.balance_after_microusd],
  ["description", (row) => row.description],
  ["call_id", (row) => row.hold_id],
];

const USAGE: Columns<UsageEvent> = [
  ["call_id", (row) => row.hold_id],
  ["created_at", (row) => iso(row.created_at)],
  ["endpoint", (row) => row.endpoint],
  ["model", (row) => row.model],
  ["key_hash", (row) => row.key?.hash ?? null],
  ["key_name", (row) => row.key?.name ?? null],
  ["input_tokens", (row) => row.usage.input],
  ["cache_read_tokens", (row) => row.usage.cache_read],
  ["cache_write_tokens", (row) => row.usage.cache_write_5m + row.usage.cache_write_1h],
  ["output_tokens", (row) => row.usage.output],
  ["reasoning_tokens", (row) => row.usage.reasoning],
  ["cost_usd", (row) => usdOfMicro(row.cost_microusd)],
  ["cost_microusd", (row) => row.cost_microusd],
  ["held_microusd", (row) => row.held_microusd],
  ["usage_source", (row) => row.usage_source],
  ["outcome", (row) => row.outcome],
  ["price_version", (row) => row.price_version],
  ["latency_ms", (row) => row.latency_ms],
  ["first_byte_ms", (row) => row.first_byte_ms],
];

/** The ledger of a user as a file, oldest first. */
export function ledgerFile(control: ControlClient, userId: string, query: CliExportQuery): FileAnswer {
  return fileOf("credits", query, LEDGER, async (page) => {
    const { entries, cursor } = await control.ledgerExport(userId, page);
    return { rows: entries, cursor };
  });
}

/** Every call of a user as a file, oldest first. */
export function usageFile(control: ControlClient, userId: string, query: CliExportQuery): FileAnswer {
  return fileOf("usage", query, USAGE, async (page) => {
    const { events, cursor } = await control.usageExport(userId, page);
    return { rows: events, cursor };
  });
}

function fileOf<Row>(
  what: string,
  { format, from, to }: CliExportQuery,
  columns: Columns<Row>,
  read: (page: ExportPageQuery) => Promise<{ rows: Row[]; cursor: string | null }>,
): FileAnswer {
  const days = [from === undefined ? null : `from-${from}`, to === undefined ? null : `to-${to}`];
  const name = [what, ...days.filter((day) => day !== null)].join("-");
  return {
    name: `${name}.${format}`,
    contentType: CONTENT_TYPES[format],
    chunks: textOf(format, columns, (cursor) => read({ from, to, ...(cursor !== null && { cursor }) })),
  };
}

/** One part a page; pages without rows make none. */
async function* textOf<Row>(
  format: Format,
  columns: Columns<Row>,
  read: (cursor: string | null) => Promise<{ rows: Row[]; cursor: string | null }>,
): AsyncGenerator<string, void> {
  let head = format === "csv" ? csvLine(columns.map(([name]) => name)) : "";
  for (let cursor: string | null = null; ;) {
    const page = await read(cursor);
    const text = head + page.rows.map((row) => lineOf(format, columns, row)).join("");
    head = "";
    if (text !== "") yield text;
    if (page.cursor === null) return;
    cursor = page.cursor;
  }
}

function lineOf<Row>(format: Format, columns: Columns<Row>, row: Row): string {
  if (format === "csv") return csvLine(columns.map(([, cell]) => cell(row)));
  return `${JSON.stringify(Object.fromEntries(columns.map(([name, cell]) => [name, cell(row)])))}\n`;
}
