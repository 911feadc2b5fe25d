/** A push from its bundles to the live code, in three steps: evaluate, make the data fit, switch in one commit. */
import { randomUUID } from "node:crypto";
import { EngineError, type DefinitionAnalysis, type Json, type PreparedPush, type PushedDefinition } from "../types.ts";
import { Bundle, type BundleFile } from "../functions/bundle.ts";
import type { Code } from "../functions/code.ts";
import type { Core } from "../functions/core.ts";
import { Catalog, insertTable, SCHEDULED_FUNCTIONS } from "../storage/catalog.ts";
import { textOf, type Connection } from "../storage/connection.ts";
import { asText, isObject, parseObject, type JsonObject } from "../values/json.ts";
import { declaredCrons, replaceCrons } from "../schedule/crons.ts";
import { analyzeDefinition, filesOf } from "./analyze.ts";
import { appJson, assemble, type Definition } from "./assemble.ts";
import { SchemaChange } from "./schema-change.ts";

export class Push implements PreparedPush {
  readonly id = randomUUID();
  readonly definitions: ReadonlyMap<string, DefinitionAnalysis>;
  readonly app: Json;
  readonly code: Code;
  readonly change: SchemaChange;
  readonly record: string;
  readonly files: readonly BundleFile[];

  constructor(
    core: Core,
    definitions: ReadonlyMap<string, Definition>,
    files: ReadonlyMap<string, readonly BundleFile[]>,
  ) {
    this.definitions = new Map([...definitions].map(([path, { analysis }]) => [path, analysis]));
    this.code = assemble(definitions);
    this.app = appJson(this.code);
    this.change = new SchemaChange(core, this.code);
    this.files = [...files.values()].flat();
    this.record = recordOf(this.definitions, files);
    declaredCrons(this.definitions, this.code);
  }
}

/** Evaluates every module of a push; changes nothing but the folder of unpacked bundles. */
export async function preparePush(core: Core, modulesDir: string, pushed: readonly PushedDefinition[]): Promise<Push> {
  const env = Object.fromEntries(core.environment);
  const definitions = new Map<string, Definition>();
  const files = new Map<string, BundleFile[]>();
  const names = new Map<string, string>();
  for (const definition of dependenciesFirst(pushed)) {
    const own = filesOf(definition, names);
    const bundle = new Bundle(modulesDir, own, definition.definitionPath === "" ? env : {});
    const analysis = await analyzeDefinition(definition, bundle);
    const name = isObject(analysis.definition) ? analysis.definition["name"] : null;
    if (typeof name === "string") names.set(definition.definitionPath, name);
    definitions.set(definition.definitionPath, { analysis, bundle });
    files.set(definition.definitionPath, own);
  }
  return new Push(core, definitions, files);
}

/** Switches code, schema, indexes and crons in one commit. */
export function commitPush(core: Core, push: Push): Promise<void> {
  return activate(core, push.code, push.change, (db) => {
    savePush(db, push);
    replaceCrons(db, declaredCrons(push.definitions, push.code), core.now());
  });
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
    core.writer.apply(core.storage.nextTs(core.now()), (db) => {
      change.activate(db);
      also(db);
      return { keys: [] };
    });
    core.storage.catalog = Catalog.load(core.storage.writer);
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
  db: Connection,
  modulesDir: string,
  environment: ReadonlyMap<string, string>,
): { code: Code; bundles: Set<string>; definitions: ReadonlyMap<string, DefinitionAnalysis> } | null {
  const row = db.get("SELECT body FROM pushes");
  if (row === undefined) return null;
  const definitions = new Map<string, Definition>();
  for (const [path, json] of Object.entries(parseObject(textOf(row, "body")))) {
    const definition = objectOf(json);
    const files = (Array.isArray(definition["files"]) ? definition["files"] : []).map((file) =>
      readFile(db, objectOf(file)),
    );
    const bundle = new Bundle(modulesDir, files, path === "" ? Object.fromEntries(environment) : {});
    definitions.set(path, { bundle, analysis: analysisOf(objectOf(definition["analysis"])) });
  }
  return {
    code: assemble(definitions),
    bundles: new Set([...definitions.values()].map(({ bundle }) => bundle.name)),
    definitions: new Map([...definitions].map(([path, { analysis }]) => [path, analysis])),
  };
}

/** Hashes of the app's modules, for a CLI that asks what it need not send again. */
export function appModuleHashes(db: Connection): { path: string; environment: string; hash: string }[] {
  return appFiles(db).map((file) => ({
    path: asText(file["path"]),
    environment: asText(file["environment"]),
    hash: asText(file["hash"]),
  }));
}

/** A module of the live app with its source, for a CLI that did not send it again; null when it is not this one. */
export function appModule(db: Connection, path: string, hash: string): BundleFile | null {
  const file = appFiles(db).find((one) => one["path"] === path && one["hash"] === hash);
  return file === undefined ? null : readFile(db, file);
}

function appFiles(db: Connection): JsonObject[] {
  const row = db.get("SELECT body FROM pushes");
  const files = row === undefined ? [] : objectOf(parseObject(textOf(row, "body"))[""])["files"];
  return (Array.isArray(files) ? files : []).map(objectOf);
}

/** Every component has a scheduler. */
export function ensureSystemTables(db: Connection, catalog: Catalog, code: Code): void {
  for (const component of code.components.keys()) {
    if (catalog.table(component, SCHEDULED_FUNCTIONS) === null) insertTable(db, component, SCHEDULED_FUNCTIONS);
  }
}

function savePush(db: Connection, push: Push): void {
  db.run("DELETE FROM pushes");
  db.run("INSERT INTO pushes (body) VALUES (?)", push.record);
  db.run("DELETE FROM modules");
  for (const file of push.files) {
    db.run(
      "INSERT OR IGNORE INTO modules (hash, source, source_map) VALUES (?, ?, ?)",
      file.hash,
      file.source,
      file.sourceMap ?? null,
    );
  }
}

function recordOf(
  definitions: ReadonlyMap<string, DefinitionAnalysis>,
  files: ReadonlyMap<string, readonly BundleFile[]>,
): string {
  return JSON.stringify(
    Object.fromEntries(
      [...definitions].map(([path, analysis]) => [
        path,
        {
          analysis,
          files: (files.get(path) ?? []).map(({ path: file, hash, environment }) => ({
            path: file,
            hash,
            environment,
          })),
        },
      ]),
    ),
  );
}

function readFile(db: Connection, file: JsonObject): BundleFile {
  const hash = asText(file["hash"]);
  const row = db.get("SELECT source, source_map FROM modules WHERE hash = ?", hash);
  if (row === undefined)
    throw new EngineError("CorruptDatabase", `Module ${asText(file["path"])} of the live push is missing.`, 500);
  const sourceMap = row["source_map"];
  return {
    path: asText(file["path"]),
    hash,
    source: textOf(row, "source"),
    environment: file["environment"] === "node" ? "node" : "isolate",
    ...(typeof sourceMap === "string" ? { sourceMap } : {}),
  };
}

function analysisOf(json: JsonObject): DefinitionAnalysis {
  return {
    definition: json["definition"] ?? null,
    schema: json["schema"] ?? null,
    functions: objectOf(json["functions"]),
    auth: Array.isArray(json["auth"]) ? json["auth"] : [],
  };
}

function dependenciesFirst(pushed: readonly PushedDefinition[]): PushedDefinition[] {
  const byPath = new Map(pushed.map((definition) => [definition.definitionPath, definition]));
  const ordered = new Set<PushedDefinition>();
  const visit = (path: string, above: readonly string[]): void => {
    const definition = byPath.get(path);
    if (definition === undefined || ordered.has(definition)) return;
    if (above.includes(path))
      throw new EngineError(
        "InvalidModules",
        `Components install each other in a circle: ${[...above, path].join(" -> ")}.`,
      );
    for (const dependency of definition.dependencies) visit(dependency, [...above, path]);
    ordered.add(definition);
  };
  for (const definition of pushed) visit(definition.definitionPath, []);
  return [...ordered];
}

function objectOf(json: Json | undefined): JsonObject {
  return isObject(json) ? json : {};
}
