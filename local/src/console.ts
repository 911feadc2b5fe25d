import { createInterface } from "node:readline/promises";

/** The lines `npm start` prints. One a part, with the seconds it took, so that a slow start shows where. */
export interface Console {
  line(text: string): void;
  /** Runs `work`, then prints `name`, the seconds it took and what it returned. */
  step(name: string, work: () => Promise<string>): Promise<void>;
}

const NAME_WIDTH = 12;

/** Plain lines: they read the same in a terminal, a pipe and a log. */
export function plainConsole(write: (text: string) => void): Console {
  const line = (text: string): void => write(`${text}\n`);
  return {
    line,
    async step(name, work) {
      const from = performance.now();
      const detail = await work();
      const seconds = ((performance.now() - from) / 1000).toFixed(1);
      line(`  ${name.padEnd(NAME_WIDTH)} ${seconds.padStart(5)} s  ${detail}`);
    },
  };
}

/** Asks on the terminal; without one the answer is no. */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
