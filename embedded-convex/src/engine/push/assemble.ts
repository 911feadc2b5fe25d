/** From analysed definitions to the live code: the tree of components, each with its functions, schema and routes. */
import { EngineError, type DefinitionAnalysis, type FunctionInfo, type Json } from "../types.ts";
import type { Bundle } from "../functions/bundle.ts";
import { envBindings, type Code, type ComponentCode, type EnvBinding } from "../functions/code.ts";
import { exportOf, registeredFunction, registeredRouter, type LoadedFunction } from "../functions/registered.ts";
import { NO_SCHEMA, parseSchema } from "../functions/schema.ts";
import { asText, isObject, type JsonObject } from "../values/json.ts";

export interface Definition {
  analysis: DefinitionAnalysis;
  bundle: Bundle;
}

interface Child {
  name: string;
  definitionPath: string;
  env: ReadonlyMap<string, EnvBinding>;
}

export function assemble(definitions: ReadonlyMap<string, Definition>): Code {
  const components = new Map<string, ComponentCode>();
  mount(definitions, "", "", null, components);
  const bundles = [...definitions.values()].map(({ bundle }) => bundle);
  return {
    components,
    auth: definitions.get("")?.analysis.auth ?? [],
    mapPlace: (url, line, column) => {
      for (const bundle of bundles) {
        const place = bundle.mapPlace(url, line, column);
        if (place !== null) return place;
      }
      return null;
    },
  };
}

function mount(
  definitions: ReadonlyMap<string, Definition>,
  definitionPath: string,
  path: string,
  env: ReadonlyMap<string, EnvBinding> | null,
  into: Map<string, ComponentCode>,
): void {
  const definition = definitions.get(definitionPath);
  if (definition === undefined)
    throw new EngineError("InvalidModules", `Component definition "${definitionPath}" is not part of the push.`);
  const { analysis, bundle } = definition;
  const config = objectOf(analysis.definition);
  const children = childrenOf(config);
  const pathOf = (child: Child) => (path === "" ? child.name : `${path}/${child.name}`);
  const byName = new Map(children.map((child) => [child.name, pathOf(child)]));
  if (byName.size !== children.length)
    throw new EngineError(
      "InvalidModules",
      `Two components are installed under one name in ${path === "" ? "the app" : path}.`,
    );
  const infos = functionInfos(analysis, path);
  const loaded = new Map<string, Promise<LoadedFunction | null>>();
  into.set(path, {
    path,
    definitionPath,
    schema: analysis.schema === null ? NO_SCHEMA : parseSchema(JSON.stringify(analysis.schema)),
    children: byName,
    env,
    httpPrefix: httpPrefix(config),
    httpMounts: httpMounts(config, byName),
    functions: () => infos,
    find: (udf) => {
      let found = loaded.get(udf);
      if (found === undefined) {
        found = loadFunction(bundle, udf);
        loaded.set(udf, found);
      }
      return found;
    },
    router: async () =>
      bundle.file("http.js") === null ? null : registeredRouter(exportOf(await bundle.load("http.js"), "default")),
  });
  for (const child of children) mount(definitions, child.definitionPath, pathOf(child), child.env, into);
}

async function loadFunction(bundle: Bundle, udf: string): Promise<LoadedFunction | null> {
  const [module = "", name = ""] = udf.split(":");
  const file = bundle.file(`${module}.js`);
  if (file === null) return null;
  const found = registeredFunction(exportOf(await bundle.load(file.path), name));
  return found === null ? null : { ...found, environment: file.environment };
}

/** The app's component tree as `start_push` answers it. */
export function appJson(code: Code, path = ""): Json {
  const component = code.components.get(path);
  if (component === undefined) return null;
  return {
    definitionPath: component.definitionPath,
    componentPath: path,
    args: {},
    childComponents: Object.fromEntries([...component.children].map(([name, child]) => [name, appJson(code, child)])),
    httpRoutes: { httpModuleRoutes: null, mounts: [...component.httpMounts.keys()] },
    exports: {},
  };
}

function functionInfos(analysis: DefinitionAnalysis, component: string): FunctionInfo[] {
  const infos: FunctionInfo[] = [];
  for (const [modulePath, module] of Object.entries(analysis.functions)) {
    for (const fn of isObject(module) && Array.isArray(module["functions"]) ? module["functions"] : []) {
      const info = isObject(fn) ? functionInfo(fn, modulePath, component) : null;
      if (info !== null) infos.push(info);
    }
  }
  return infos;
}

function functionInfo(fn: JsonObject, modulePath: string, component: string): FunctionInfo | null {
  const kinds = { Query: "query", Mutation: "mutation", Action: "action" } as const;
  const kind = Object.entries(kinds).find(([name]) => name === fn["udfType"])?.[1];
  if (kind === undefined) return null;
  return {
    path: { component, udf: `${modulePath.replace(/\.js$/, "")}:${asText(fn["name"])}` },
    kind,
    visibility: objectOf(fn["visibility"])["kind"] === "public" ? "public" : "internal",
    args: asText(fn["args"]),
    returns: asText(fn["returns"]),
  };
}

function childrenOf(config: JsonObject): Child[] {
  const children = Array.isArray(config["childComponents"]) ? config["childComponents"] : [];
  return children.map((json) => {
    const child = objectOf(json);
    return { name: asText(child["name"]), definitionPath: asText(child["path"]), env: envBindings(child["env"]) };
  });
}

function httpPrefix(config: JsonObject): string {
  return typeof config["httpPrefix"] === "string" ? config["httpPrefix"] : "/";
}

function httpMounts(config: JsonObject, children: ReadonlyMap<string, string>): Map<string, string> {
  const mounts = new Map<string, string>();
  for (const [prefix, reference] of Object.entries(objectOf(config["httpMounts"]))) {
    const child = children.get(asText(reference).split("/").at(-1) ?? "");
    if (child !== undefined) mounts.set(prefix, child);
  }
  return mounts;
}

function objectOf(json: Json | undefined): JsonObject {
  return isObject(json) ? json : {};
}
