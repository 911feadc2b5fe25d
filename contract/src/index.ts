/** Everything that crosses a wire: schemas, header names, error codes, paths, money. Imports nothing of ours. */
export * from "./accounts.ts";
export * from "./accountsApi.ts";
export * from "./accountsControl.ts";
export * from "./admin.ts";
export * from "./cliAuth.ts";
export * from "./control.ts";
export * from "./credits.ts";
export * from "./editor.ts";
export * from "./envelope.ts";
export * from "./errors.ts";
export * from "./fleet.ts";
export * from "./headers.ts";
export * from "./ids.ts";
export * from "./instance.ts";
export * from "./money.ts";
export * from "./runtime.ts";
export * from "./worker.ts";
