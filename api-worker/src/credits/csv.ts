/** What a table writes into one cell. */
export type Cell = string | number | null;

/**
 * One line of RFC 4180, its end included. A text that a spreadsheet would take for a formula, full-width signs too, gets an apostrophe in front: names and
 * descriptions are people's own words. Numbers are never touched, so that a negative one stays a number.
 */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(cellOf).join(",")}\r\n`;
}

function cellOf(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const text = /^[=+\-@\t\r\n＝＋－＠]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
