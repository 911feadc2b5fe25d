/** A push from its bundles to the live code, in three steps: evaluate, make the data fit, switch in one commit. */
import { randomUUID } from "node:crypto";
import { EngineError, type Json } from "../types.ts";
import { Bundle, type BundleFile } from "../functions/bundle.ts";
import type { Code } from "../functions/code.ts";
import type { Core } from "../functions/core.ts";
import { insertTable, SCHEDULED_FUNCTIONS, type Catalog } from "../storage/catalog.ts";
import { textOf, type Connection } from "../storage/connection.ts";
import { declaredCrons, replaceCrons } from "../schedule/crons.ts";
import {
  pushRecord,
  type DefinitionAnalysis,
  type ModuleFile,
  type PushedDefinition,
  type PushRecord,
} from "./analysis.ts";
import { analyzeDefinition, filesOf } from "./analyze.ts";
import { appJson, assemble, type Definition } from "./assemble.ts";
import { SchemaChange } from "./schema-change.ts";

/** An evaluated push that has not changed anything yet. */
export class Push {
  readonly id = randomUUID();
  readonly definitions: ReadonlyMap<string, DefinitionAnalysis>;
  readonly code: Code;
  /** The app's component tree in the wire's form. */
  readonly app: Json;
  readonly change: SchemaChange;
  private readonly files: ReadonlyMap<string, readonly BundleFile[]>;

  constructor(core: Core, parts: ReadonlyMap<string, Definition & { files: readonly BundleFile[] }>) {
    this.definitions = new Map([...parts].map(([path, { analysis }]) => [path, analysis]));
    this.files = new Map([...parts].map(([path, { files }]) => [path, files]));
    this.code = assemble(parts);
    this.app = appJson(this.code);
    this.change = new SchemaChange(core, this.code);
    declaredCrons(this.definitions, this.code);
  }

  /** Writes it over the push there was, crons included. */
  save(db: Connection, nowMs: number): void {
    const record: PushRecord = {};
    for (const [path, analysis] of this.definitions)
      record[path] = { analysis, files: [...(this.files.get(path) ?? [])] };
    db.run("DELETE FROM pushes");
    db.run("INSERT INTO pushes (body) VALUES (?)", JSON.stringify(pushRecord.parse(record)));
    db.run("DELETE FROM modules");
    for (const { hash, source, sourceMap = null } of [...this.files.values()].flat()) {
      db.run("INSERT OR IGNORE INTO modules (hash, source, source_map) VALUES (?, ?, ?)", hash, source, sourceMap);
    }
    replaceCrons(db, declaredCrons(this.definitions, this.code), nowMs);
  }
}

/** Evaluates every module of a push; changes nothing but the folder of unpacked bundles. */
export async function preparePush(core: Core, pushed: readonly PushedDefinition[]): Promise<Push> {
  const parts = new Map<string, Definition & { files: BundleFile[] }>();
  const names = new Map<string, string>();
  for (const definition of dependenciesFirst(pushed)) {
    const path = definition.definitionPath;
    const files = filesOf(definition, names);
    const bundle = bundleOf(core, path, files, core.environment);
    const analysis = await analyzeDefinition(definition, bundle);
    if (analysis.definition.name !== undefined) names.set(path, analysis.definition.name);
    parts.set(path, { analysis, bundle, files });
  }
  return new Push(core, parts);
}

/** Makes code live whose schema change has been checked; `also` is part of the same commit. */
export async function activate(
  core: Core,
  code: Code,
  change: SchemaChange,
  also: (db: Connection) => void,
): Promise<void> {
  const before = core.code;
  const switched = core.writer.run(() => {
    change.assertReady();
    core.writer.apply((db) => {
      change.activate(db);
      also(db);
    });
    core.storage.reloadCatalog();
    core.code = code;
  });
  await switched.catch((error: unknown) => {
    core.code = before;
    throw error;
  });
  change.end();
}

/** The live push as the database has it; null before the first. Modules are loaded when first called. */
export function loadPush(
  core: Pick<Core, "options" | "storage">,
  environment: ReadonlyMap<string, string>,
): { code: Code; bundles: Set<string> } | null {
  const db = core.storage.writer;
  const record = storedPush(db);
  if (record === null) return null;
  const definitions = new Map<string, Definition>();
  for (const [path, { analysis, files }] of Object.entries(record)) {
    const bundle = bundleOf(
      core,
      path,
      files.map((file) => readFile(db, file)),
      environment,
    );
    definitions.set(path, { bundle, analysis });
  }
  return { code: assemble(definitions), bundles: new Set([...definitions.values()].map(({ bundle }) => bundle.name)) };
}

/** Hashes of the app's modules, for a CLI that asks what it need not send again. */
export function appModules(db: Connection): ModuleFile[] {
  return storedPush(db)?.[""]?.files ?? [];
}

/** A module of the live app with its source, for a CLI that did not send it again; null when it is not this one. */
export function appModule(db: Connection, path: string, hash: string): BundleFile | null {
  const file = appModules(db).find((one) => one.path === path && one.hash === hash);
  return file === undefined ? null : readFile(db, file);
}

/** Every component has a scheduler. */
export function ensureSystemTables(db: Connection, catalog: Catalog, code: Code): void {
  for (const component of code.components.keys()) {
    if (catalog.table(component, SCHEDULED_FUNCTIONS) === null) insertTable(db, component, SCHEDULED_FUNCTIONS);
  }
}

function storedPush(db: Connection): PushRecord | null {
  const row = db.get("SELECT body FROM pushes");
  return row === undefined ? null : pushRecord.parse(JSON.parse(textOf(row, "body")));
}

/** Only the app's modules see the deployment's variables while they load. */
function bundleOf(
  { options }: Pick<Core, "options">,
  definitionPath: string,
  files: BundleFile[],
  environment: ReadonlyMap<string, string>,
): Bundle {
  return new Bundle(options.modulesDir, files, definitionPath === "" ? Object.fromEntries(environment) : {});
}

function readFile(db: Connection, file: ModuleFile): BundleFile {
  const row = db.get("SELECT source, source_map FROM modules WHERE hash = ?", file.hash);
  if (row === undefined)
    throw new EngineError("CorruptDatabase", `Module ${file.path} of the live push is missing.`, 500);
  const sourceMap = row["source_map"];
  return { ...file, source: textOf(row, "source"), ...(typeof sourceMap === "string" ? { sourceMap } : {}) };
}

function dependenciesFirst(pushed: readonly PushedDefinition[]): Set<PushedDefinition> {
  const byPath = new Map(pushed.map((definition) => [definition.definitionPath, definition]));
  const ordered = new Set<PushedDefinition>();
  const visit = (path: string, above: readonly string[]): void => {
    const definition = byPath.get(path);
    if (definition === undefined || ordered.has(definition)) return;
    if (above.includes(path)) {
      const circle = [...above, path].join(" -> ");
      throw new EngineError("InvalidModules", `Components install each other in a circle: ${circle}.`);
    }
    for (const dependency of definition.dependencies) visit(dependency, [...above, path]);
    ordered.add(definition);
  };
  for (const { definitionPath } of pushed) visit(definitionPath, []);
  return ordered;
}
