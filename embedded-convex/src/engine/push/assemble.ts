/** From analysed definitions to the live code: the tree of components, each with its functions, schema and routes. */
import { EngineError, type FunctionInfo } from "../types.ts";
import type { Bundle } from "../functions/bundle.ts";
import type { Code, ComponentCode } from "../functions/code.ts";
import { exportOf, registeredFunction, registeredRouter, type LoadedFunction } from "../functions/registered.ts";
import { parseSchema } from "../functions/schema.ts";
import { NOT_HERE } from "../unsupported.ts";
import type { DefinitionAnalysis, EnvBinding } from "./analysis.ts";

/** An analysed definition and its modules. */
export interface Definition extends DefinitionAnalysis {
  bundle: Bundle;
}

const KINDS = { Query: "query", Mutation: "mutation", Action: "action" } as const;

export function assemble(definitions: ReadonlyMap<string, Definition>): Code {
  const components = new Map<string, ComponentCode>();
  mount(definitions, "", "", null, components);
  return {
    components,
    auth: definitions.get("")?.auth ?? [],
    mapPlace: (url, line, column) => {
      for (const { bundle } of definitions.values()) {
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
  const found = definitions.get(definitionPath);
  if (found === undefined)
    throw new EngineError("InvalidModules", `Component definition "${definitionPath}" is not part of the push.`);
  const { definition, schema, functions, bundle } = found;
  const { childComponents, httpPrefix = "/", httpMounts } = definition;
  if (httpPrefix !== "/" || Object.keys(httpMounts).length > 0)
    throw new EngineError("InvalidModules", NOT_HERE.httpMounts);
  const children = new Map(childComponents.map(({ name }) => [name, path === "" ? name : `${path}/${name}`]));
  if (children.size !== childComponents.length) {
    const where = path === "" ? "the app" : path;
    throw new EngineError("InvalidModules", `Two components are installed under one name in ${where}.`);
  }
  const loaded = new Map<string, Promise<LoadedFunction | null>>();
  into.set(path, {
    path,
    definitionPath,
    schema: schema === null ? new Map() : parseSchema(schema),
    children,
    env,
    functions: functionInfos(functions, path),
    find: (udf) => {
      const known = loaded.get(udf) ?? loadFunction(bundle, udf);
      loaded.set(udf, known);
      return known;
    },
    router: async () =>
      !bundle.files.has("http.js") ? null : registeredRouter(exportOf(await bundle.load("http.js"), "default")),
  });
  for (const { name, path: childDefinition, env: bindings } of childComponents) {
    mount(definitions, childDefinition, children.get(name) ?? name, new Map(bindings ?? []), into);
  }
}

async function loadFunction(bundle: Bundle, udf: string): Promise<LoadedFunction | null> {
  const [module = "", name = ""] = udf.split(":");
  const file = bundle.files.get(`${module}.js`);
  if (file === undefined) return null;
  return registeredFunction(exportOf(await bundle.load(file.path), name), file.environment);
}

function functionInfos(modules: Definition["functions"], component: string): Map<string, FunctionInfo> {
  const infos = Object.entries(modules).flatMap(([modulePath, { functions }]) =>
    functions.map(({ name, udfType, visibility, args, returns }): FunctionInfo => {
      const path = { component, udf: `${modulePath.replace(/\.js$/, "")}:${name}` };
      return { path, kind: KINDS[udfType], visibility: visibility.kind, args, returns };
    }),
  );
  return new Map(infos.map((info) => [info.path.udf, info]));
}
