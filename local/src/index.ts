/** How scripts and tests find a running stack. */
export { readStackFile, StackFile } from "./stackFile.ts";
export type { Ports } from "./ports.ts";
