/** A deployment whose code comes from imported modules instead of a push. */
import { Engine } from "../engine/engine.ts";
import type { FunctionPath } from "../engine/types.ts";
import type { Code, ComponentCode } from "../engine/functions/code.ts";
import {
  exported,
  exportOf,
  registeredFunction,
  registeredRouter,
  type LoadedFunction,
} from "../engine/functions/registered.ts";
import { running } from "../engine/functions/run.ts";
import { parseSchema, type Schema } from "../engine/functions/schema.ts";
import { activate } from "../engine/push/push.ts";
import { SchemaChange } from "../engine/push/schema-change.ts";
import type { Budget } from "../engine/values/limits.ts";

/** What `import.meta.glob` gives: a loader by file. */
export type Modules = Record<string, () => Promise<unknown>>;

interface Registered {
  schema: Schema;
  /** Loaders by module path, without extension and without the folder's own path. */
  modules: ReadonlyMap<string, () => Promise<unknown>>;
}

export class TestDeployment {
  readonly engine: Engine;
  private readonly registered = new Map<string, Registered>();
  /** Functions written in the test itself, by the name they are called under. */
  private readonly inline = new Map<string, LoadedFunction>();
  private installed: Promise<void> | null = null;

  constructor(budget: Budget) {
    this.engine = new Engine(
      {
        file: ":memory:",
        modulesDir: "",
        cloudUrl: "https://some.convex.cloud",
        siteUrl: "https://some.convex.site",
        name: "test",
        now: () => Date.now(),
      },
      budget,
    );
  }

  register(path: string, schema: unknown, modules: Modules): void {
    const json = exported(schema);
    this.registered.set(path, {
      schema: json === null ? new Map() : parseSchema(json),
      modules: byModulePath(modules),
    });
    this.installed = null;
  }

  /** Makes what was registered live, with the variables the test has set by now. */
  async ready(): Promise<void> {
    this.installed ??= this.install();
    await this.installed;
    const variables = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
    this.engine.environment = new Map(variables);
  }

  /** Gives a function of the test a name to be called by. */
  addInline(fn: LoadedFunction): FunctionPath {
    const udf = `inline:fn${this.inline.size}`;
    this.inline.set(udf, fn);
    return { component: "", udf };
  }

  /** The component a name or reference of the test means: the app. */
  get app(): ComponentCode {
    const app = this.engine.code.components.get("");
    if (app === undefined) throw new TypeError("no app is registered");
    return app;
  }

  private async install(): Promise<void> {
    const paths = [...this.registered.keys()];
    const components = new Map([...this.registered].map(([path, one]) => [path, this.component(path, one, paths)]));
    const code: Code = { components, auth: [], mapPlace: () => null };
    const change = new SchemaChange(this.engine, code);
    await change.check();
    await activate(this.engine, code, change, () => undefined);
  }

  private component(path: string, { schema, modules }: Registered, all: readonly string[]): ComponentCode {
    const prefix = path === "" ? "" : `${path}/`;
    const children = all.filter(
      (other) => other !== path && other.startsWith(prefix) && !other.slice(prefix.length).includes("/"),
    );
    const load = async (module: string): Promise<unknown> => {
      const loader = modules.get(module);
      // Loading is the test framework's work: none of a function's guards apply to it.
      return loader === undefined ? undefined : running.exit(loader);
    };
    return {
      path,
      definitionPath: path,
      schema,
      children: new Map(children.map((child) => [child.slice(prefix.length), child])),
      env: null,
      functions: new Map(),
      find: async (udf) => {
        const inline = path === "" ? this.inline.get(udf) : undefined;
        if (inline !== undefined) return inline;
        const [module = "", name = ""] = udf.split(":");
        return registeredFunction(exportOf(await load(module), name), "isolate");
      },
      router: async () => registeredRouter(exportOf(await load("http"), "default")),
    };
  }
}

/** Strips extensions and the folder, which is where `_generated` lies, as `convex-test` finds it. */
function byModulePath(modules: Modules): Map<string, () => Promise<unknown>> {
  const files = Object.keys(modules);
  const generated = files.find((file) => file.includes("_generated"));
  if (generated === undefined && files.length > 0) {
    throw new Error('Could not find the "_generated" directory: include it in the glob given to convexTest.');
  }
  const folder = generated?.split("_generated", 1)[0] ?? "";
  return new Map(
    Object.entries(modules).map(([file, load]) => [file.slice(folder.length).replace(/\.[^./]+$/, ""), load]),
  );
}
