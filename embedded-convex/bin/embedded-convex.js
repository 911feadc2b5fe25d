#!/usr/bin/env node
// Plain JavaScript so that a Node too old to run TypeScript can say so.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  console.error(`embedded-convex needs Node 24.15 or later; this is ${process.version}.`);
  process.exit(1);
}
const { main } = await import("../src/cli/main.ts");
await main(process.argv.slice(2));
