/** Evaluates the modules of one pushed definition and describes what they export, in the form the CLI reads. */
import { EngineError, type DefinitionAnalysis, type Json, type PushedDefinition, type PushedModule } from "../types.ts";
import { Bundle, hashModule, type BundleFile } from "../functions/bundle.ts";
import { describeFailure } from "../functions/errors.ts";
import { exported, exportOf, isCrons, registeredFunction, registeredRouter } from "../functions/registered.ts";
import { asText, isObject, parseJson, type JsonObject } from "../values/json.ts";

const DEPENDENCIES = "_deps/";
const AUTH_CONFIG = "auth.config.js";

/** Module paths that hold functions, not shared chunks or configuration. */
export function isFunctionModule(modulePath: string): boolean {
  return modulePath.endsWith(".js") && !modulePath.startsWith(DEPENDENCIES) && modulePath !== AUTH_CONFIG;
}

/** All files of a definition as one bundle: its modules, schema, and the stand-ins for the components it imports. */
export function filesOf(definition: PushedDefinition, names: ReadonlyMap<string, string>): BundleFile[] {
  const files: PushedModule[] = [...definition.modules];
  for (const extra of [definition.schema, definition.definition]) if (extra !== null) files.push(extra);
  for (const dependency of definition.dependencies)
    files.push(standIn(dependency, names.get(dependency) ?? dependency));
  return files.map((file) => Object.assign({ hash: hashModule(file) }, file));
}

export async function analyzeDefinition(definition: PushedDefinition, bundle: Bundle): Promise<DefinitionAnalysis> {
  const functions: { [path: string]: Json } = {};
  for (const module of definition.modules) {
    if (isFunctionModule(module.path)) functions[module.path] = await analyzeModule(module, bundle);
  }
  const schema = definition.schema === null ? null : await describeExport(bundle, definition.schema.path);
  const config = definition.definition === null ? null : await describeExport(bundle, definition.definition.path);
  return {
    definition: {
      path: definition.definitionPath,
      definitionType: definition.definitionPath === "" ? { type: "app" } : { type: "childComponent", name: "" },
      childComponents: [],
      httpMounts: {},
      ...(isObject(config) ? config : {}),
      exports: definition.definitionPath === "" ? { type: "branch", branch: [] } : publicFunctions(functions),
    },
    schema,
    functions,
    auth: definition.modules.some((module) => module.path === AUTH_CONFIG) ? await authProviders(bundle) : [],
  };
}

async function analyzeModule(module: PushedModule, bundle: Bundle): Promise<Json> {
  const namespace = await evaluated(bundle, module.path);
  const functions: Json[] = [];
  for (const name of typeof namespace === "object" && namespace !== null ? Object.keys(namespace) : []) {
    const found = described(module.path, name, () => registeredFunction(exportOf(namespace, name)));
    if (found === null) continue;
    if (module.environment === "node" && found.kind !== "action") {
      throw new EngineError(
        "InvalidModules",
        `\`${name}\` defined in \`${module.path}\` is a ${found.kind}. Only actions can be defined in Node.js. See https://docs.convex.dev/functions/actions for more details.`,
      );
    }
    functions.push({
      name,
      pos: null,
      udfType: found.kind.charAt(0).toUpperCase() + found.kind.slice(1),
      visibility: { kind: found.visibility },
      args: found.argsJson,
      returns: found.returnsJson,
    });
  }
  const main = exportOf(namespace, "default");
  const router = module.path === "http.js" ? registeredRouter(main) : null;
  return {
    functions,
    httpRoutes: router === null ? null : router.routes().map((route) => ({ route, pos: null })),
    cronSpecs:
      module.path === "crons.js" && isCrons(main)
        ? Object.entries(parsedObject(exported(main))).map(([name, spec]) => [name, spec])
        : null,
    sourceMapped: null,
  };
}

async function authProviders(bundle: Bundle): Promise<Json[]> {
  const config = exportOf(await evaluated(bundle, AUTH_CONFIG), "default");
  const providers = exportOf(config, "providers");
  if (!Array.isArray(providers))
    throw new EngineError("InvalidAuthConfig", "auth.config.ts must export default { providers: [...] }.");
  const json = parseJson(JSON.stringify(providers));
  return Array.isArray(json) ? json : [];
}

async function describeExport(bundle: Bundle, modulePath: string): Promise<Json> {
  const main = exportOf(await evaluated(bundle, modulePath), "default");
  const text = described(modulePath, "default", () => exported(main));
  if (text === null)
    throw new EngineError("InvalidModules", `${modulePath} has no default export made by convex/server.`);
  return parseJson(text);
}

async function evaluated(bundle: Bundle, modulePath: string): Promise<unknown> {
  try {
    return await bundle.load(modulePath);
  } catch (error) {
    throw new EngineError(
      "InvalidModules",
      `Failed to analyze ${modulePath}: ${describeFailure(error, bundle.mapPlace).message}`,
    );
  }
}

function described<T>(modulePath: string, name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new EngineError(
      "InvalidModules",
      `Invalid export ${name} of ${modulePath}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** What a parent may call, as the tree of references the CLI makes types from. */
function publicFunctions(modules: { [path: string]: Json }): Json {
  const root: Branch = { children: new Map() };
  for (const [modulePath, module] of Object.entries(modules)) {
    const udfModule = modulePath.replace(/\.js$/, "");
    for (const fn of isObject(module) && Array.isArray(module["functions"]) ? module["functions"] : []) {
      if (!isObject(fn) || !isObject(fn["visibility"]) || fn["visibility"]["kind"] !== "public") continue;
      const name = asText(fn["name"]);
      insert(root, [...udfModule.split("/"), name], `_reference/function/${udfModule}:${name}`);
    }
  }
  return branchJson(root);
}

interface Branch {
  children: Map<string, Branch | string>;
}

function insert(branch: Branch, names: readonly string[], leaf: string): void {
  const [name = "", ...rest] = names;
  if (rest.length === 0) {
    branch.children.set(name, leaf);
    return;
  }
  const found = branch.children.get(name);
  const child = typeof found === "object" ? found : { children: new Map() };
  branch.children.set(name, child);
  insert(child, rest, leaf);
}

function branchJson(branch: Branch): Json {
  return {
    type: "branch",
    branch: [...branch.children].map(([name, child]) => [
      name,
      typeof child === "string" ? { type: "leaf", leaf: child } : branchJson(child),
    ]),
  };
}

function parsedObject(text: string | null): JsonObject {
  const json = text === null ? null : parseJson(text);
  return isObject(json) ? json : {};
}

/** Where a bundled definition imports a child's, it gets this: the two facts `app.use()` asks for. */
function standIn(definitionPath: string, name: string): PushedModule {
  return {
    path: `_componentDeps/${Buffer.from(definitionPath).toString("base64url")}`,
    source: `export default ${JSON.stringify({ componentDefinitionPath: definitionPath, defaultName: name })};\n`,
    environment: "isolate",
  };
}
