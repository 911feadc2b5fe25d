/** A push from its bundles to the live code, in three steps: evaluate, make the data fit, switch in one commit. */
import { randomUUID } from "node:crypto";
import type { Engine } from "../engine.ts";
import { EngineError } from "../types.ts";
import { Bundle, type BundleFile } from "../functions/bundle.ts";
import type { Code } from "../functions/code.ts";
import { textOf, type Connection } from "../storage/connection.ts";
import { checkCron, replaceCrons, type DeclaredCron } from "../schedule/crons.ts";
import { pushRecord, type ModuleFile, type PushedDefinition, type PushRecord } from "./analysis.ts";
import { analyzeDefinition, filesOf } from "./analyze.ts";
import { assemble, type Definition } from "./assemble.ts";
import { collectDroppedIndexes, SchemaChange } from "./schema-change.ts";

/** An evaluated push that has not changed anything yet. */
export interface Push {
  readonly id: string;
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly code: Code;
  readonly crons: readonly DeclaredCron[];
  /** Must succeed before `commitPush`; to be ended where the push will not be committed. */
  readonly change: SchemaChange;
}

/**
 * Evaluates every module of a push; changes nothing but the folder of unpacked bundles. Throws EngineError with the
 * developer's message.
 */
export async function preparePush(engine: Engine, pushed: readonly PushedDefinition[]): Promise<Push> {
  const definitions = new Map<string, Definition>();
  const names = new Map<string, string>();
  for (const definition of dependenciesFirst(pushed)) {
    const path = definition.definitionPath;
    const bundle = bundleOf(engine, path, filesOf(definition, names));
    const analysis = await analyzeDefinition(definition, bundle);
    if (analysis.definition.name !== undefined) names.set(path, analysis.definition.name);
    definitions.set(path, { ...analysis, bundle });
  }
  const code = assemble(definitions);
  const crons = [...code.components.values()].flatMap(({ path: component, definitionPath }) => {
    const specs = definitions.get(definitionPath)?.functions["crons.js"]?.cronSpecs ?? [];
    return specs.map(([name, spec]) => ({ component, name, spec }));
  });
  for (const cron of crons) checkCron(cron, code);
  return { id: randomUUID(), definitions, code, crons, change: new SchemaChange(engine, code) };
}

/** One transaction: code, schema, indexes, crons. */
export async function commitPush(engine: Engine, { definitions, code, crons, change }: Push): Promise<void> {
  await activate(engine, code, change, (db) => {
    save(db, definitions);
    replaceCrons(db, crons, engine.now());
  });
  engine.codeChanged();
  collectDroppedIndexes(engine);
}

/** Makes code live whose schema change has been checked; `also` is part of the same commit. */
export async function activate(
  engine: Engine,
  code: Code,
  change: SchemaChange,
  also: (db: Connection) => void,
): Promise<void> {
  const before = engine.code;
  const switched = engine.writer.run(() => {
    change.assertReady();
    engine.writer.apply((db) => {
      change.activate(db);
      also(db);
    });
    engine.storage.reloadCatalog();
    engine.code = code;
  });
  await switched.catch((error: unknown) => {
    engine.code = before;
    throw error;
  });
  change.end();
}

/** The live push as the database has it; null before the first. Modules are loaded when first called. */
export function loadPush(engine: Engine): Code | null {
  const db = engine.storage.writer;
  const record = storedPush(db);
  if (record === null) return null;
  const definitions = Object.entries(record).map(([path, { analysis, files }]): [string, Definition] => {
    const stored = files.map((file) => readFile(db, file));
    return [path, { ...analysis, bundle: bundleOf(engine, path, stored) }];
  });
  return assemble(new Map(definitions));
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

function storedPush(db: Connection): PushRecord | null {
  const row = db.get("SELECT body FROM pushes");
  return row === undefined ? null : pushRecord.parse(JSON.parse(textOf(row, "body")));
}

/** Writes a push over the one there was. */
function save(db: Connection, definitions: ReadonlyMap<string, Definition>): void {
  const record: PushRecord = {};
  for (const [path, definition] of definitions)
    record[path] = { analysis: definition, files: [...definition.bundle.files.values()] };
  db.run("DELETE FROM pushes");
  db.run("INSERT INTO pushes (body) VALUES (?)", JSON.stringify(pushRecord.parse(record)));
  db.run("DELETE FROM modules");
  for (const { bundle } of definitions.values()) {
    for (const { hash, source, sourceMap = null } of bundle.files.values())
      db.run("INSERT OR IGNORE INTO modules (hash, source, source_map) VALUES (?, ?, ?)", hash, source, sourceMap);
  }
}

/** Only the app's modules see the deployment's variables while they load. */
function bundleOf({ options, environment }: Engine, definitionPath: string, files: BundleFile[]): Bundle {
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
