/** Evaluates the modules of one pushed definition and describes what they export, in the form the CLI reads. */
import { z } from "zod";
import { EngineError, messageOf, type Json } from "../types.ts";
import { Bundle, hashModule, type BundleFile } from "../functions/bundle.ts";
import { describeFailure } from "../functions/errors.ts";
import { exported, exportOf, isCrons, registeredFunction, registeredRouter } from "../functions/registered.ts";
import { cronSpec } from "../schedule/cron-spec.ts";
import {
  componentDefinition,
  type DefinitionAnalysis,
  type ModuleAnalysis,
  type PushedDefinition,
  type PushedModule,
} from "./analysis.ts";

const DEPENDENCIES = "_deps/";
const AUTH_CONFIG = "auth.config.js";
const UDF_TYPES = { query: "Query", mutation: "Mutation", action: "Action" } as const;
const authConfig = z.object({ providers: z.array(z.json()) });

/** All files of a definition as one bundle: its modules, schema, and the stand-ins for the components it imports. */
export function filesOf(definition: PushedDefinition, names: ReadonlyMap<string, string>): BundleFile[] {
  const extras = [definition.schema, definition.definition].filter((file) => file !== null);
  const standIns = definition.dependencies.map((path) => standIn(path, names.get(path) ?? path));
  return [...definition.functions, ...extras, ...standIns].map((file) =>
    Object.assign({ hash: hashModule(file) }, file),
  );
}

export async function analyzeDefinition(pushed: PushedDefinition, bundle: Bundle): Promise<DefinitionAnalysis> {
  const functions: { [path: string]: ModuleAnalysis } = {};
  for (const module of pushed.functions) {
    // Shared chunks and configuration hold no functions.
    if (!module.path.endsWith(".js") || module.path.startsWith(DEPENDENCIES) || module.path === AUTH_CONFIG) continue;
    functions[module.path] = await analyzeModule(module, bundle);
  }
  const { definitionPath: path, definition, schema } = pushed;
  const config = definition === null ? {} : await describeExport(bundle, definition.path);
  return {
    definition: componentDefinition.parse({
      path,
      definitionType: { type: "app" },
      ...z.looseObject({}).parse(config),
      exports: { type: "branch", branch: path === "" ? [] : treeOf(publicFunctions(functions)) },
    }),
    schema: schema === null ? null : await describeExport(bundle, schema.path),
    functions,
    auth: pushed.functions.some((module) => module.path === AUTH_CONFIG) ? await authProviders(bundle) : [],
  };
}

async function analyzeModule(module: PushedModule, bundle: Bundle): Promise<ModuleAnalysis> {
  const namespace = await evaluated(bundle, module.path);
  const functions: ModuleAnalysis["functions"] = [];
  for (const name of typeof namespace === "object" && namespace !== null ? Object.keys(namespace) : []) {
    const found = described(module.path, name, () => registeredFunction(exportOf(namespace, name), module.environment));
    if (found === null) continue;
    if (module.environment === "node" && found.kind !== "action") {
      throw invalid(
        `\`${name}\` defined in \`${module.path}\` is a ${found.kind}. Only actions can be defined in Node.js. See https://docs.convex.dev/functions/actions for more details.`,
      );
    }
    const { argsJson: args, returnsJson: returns } = found;
    const visibility = { kind: found.visibility };
    functions.push({ name, pos: null, udfType: UDF_TYPES[found.kind], visibility, args, returns });
  }
  const main = exportOf(namespace, "default");
  const routes = module.path === "http.js" ? registeredRouter(main)?.routes() : undefined;
  const crons = module.path === "crons.js" && isCrons(main) ? exported(main) : null;
  return {
    functions,
    httpRoutes: routes?.map((route) => ({ route, pos: null })) ?? null,
    cronSpecs: crons === null ? null : Object.entries(z.record(z.string(), cronSpec).parse(crons)),
    sourceMapped: null,
  };
}

async function authProviders(bundle: Bundle): Promise<Json[]> {
  const config = authConfig.safeParse(exportOf(await evaluated(bundle, AUTH_CONFIG), "default"));
  if (config.success) return config.data.providers;
  throw new EngineError("InvalidAuthConfig", "auth.config.ts must export default { providers: [...] }.");
}

async function describeExport(bundle: Bundle, modulePath: string): Promise<Json> {
  const main = exportOf(await evaluated(bundle, modulePath), "default");
  const json = described(modulePath, "default", () => exported(main));
  if (json === null) throw invalid(`${modulePath} has no default export made by convex/server.`);
  return json;
}

function evaluated(bundle: Bundle, modulePath: string): Promise<unknown> {
  return bundle.load(modulePath).catch((error: unknown) => {
    throw invalid(`Failed to analyze ${modulePath}: ${describeFailure(error, bundle.mapPlace).message}`);
  });
}

function described<T>(modulePath: string, name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw invalid(`Invalid export ${name} of ${modulePath}: ${messageOf(error)}`);
  }
}

/** A function that a parent may call, and where it stands: folders, module, name. */
interface Leaf {
  at: readonly string[];
  leaf: string;
}

function publicFunctions(modules: { [path: string]: ModuleAnalysis }): Leaf[] {
  return Object.entries(modules).flatMap(([modulePath, { functions }]) => {
    const module = modulePath.replace(/\.js$/, "");
    return functions
      .filter(({ visibility }) => visibility.kind === "public")
      .map(({ name }) => ({ at: [...module.split("/"), name], leaf: `_reference/function/${module}:${name}` }));
  });
}

/** The tree of references the CLI makes types from: folders and modules are branches. */
function treeOf(leaves: readonly Leaf[]): Json[] {
  const here = leaves.filter(({ at }) => at.length === 1);
  const below = leaves.filter(({ at }) => at.length > 1);
  return [
    ...here.map(({ at: [name = ""], leaf }) => [name, { type: "leaf", leaf }]),
    ...Array.from(
      Map.groupBy(below, ({ at: [name = ""] }) => name),
      ([name, inside]) => {
        const branch = treeOf(inside.map(({ at, leaf }) => ({ at: at.slice(1), leaf })));
        return [name, { type: "branch", branch }];
      },
    ),
  ];
}

/** Where a bundled definition imports a child's, it gets this: the two facts `app.use()` asks for. */
function standIn(definitionPath: string, name: string): PushedModule {
  return {
    path: `_componentDeps/${Buffer.from(definitionPath).toString("base64url")}`,
    source: `export default ${JSON.stringify({ componentDefinitionPath: definitionPath, defaultName: name })};\n`,
    environment: "isolate",
  };
}

function invalid(message: string): EngineError {
  return new EngineError("InvalidModules", message);
}
