/**
 * Pushed modules on disk, ready to be imported. A folder is named by the hash of all it holds (and of the variables
 * its modules may read while loading), so the same push is loaded once and another never shares its instances.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire, SourceMap } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { PushedModule } from "../push/analysis.ts";
import { EngineError } from "../types.ts";
import type { PlaceMapper } from "./errors.ts";
import { running } from "./run.ts";

export interface BundleFile extends PushedModule {
  hash: string;
}

const sourceMap = z.object({ sources: z.array(z.string()), names: z.array(z.string()), mappings: z.string() });

export function hashModule(module: PushedModule): string {
  return createHash("sha256")
    .update(module.source)
    .update(module.sourceMap ?? "")
    .digest("hex");
}

/** Node's own loader, which also loads ES modules; a test framework's would transform what it loads. */
const nativeRequire = createRequire(import.meta.url);

export class Bundle {
  private readonly folder: string;
  /** By path. */
  readonly files: ReadonlyMap<string, BundleFile>;
  private readonly env: Readonly<Record<string, string>>;
  private readonly maps = new Map<string, SourceMap | null>();

  constructor(modulesDir: string, files: readonly BundleFile[], env: Readonly<Record<string, string>>) {
    this.files = new Map(files.map((file) => [file.path, file]));
    this.env = env;
    const contents = [...files.map((file) => [file.path, file.hash]), ...Object.entries(env)];
    const identity = contents.map((pair) => JSON.stringify(pair)).sort();
    this.folder = path.join(modulesDir, createHash("sha256").update(identity.join("\n")).digest("hex").slice(0, 32));
    if (!existsSync(this.folder)) this.unpack();
  }

  /** The module's namespace, evaluated once. Rejects with what its top level throws. */
  async load(modulePath: string): Promise<unknown> {
    const file = path.join(this.folder, modulePath);
    return running.run({ kind: "import", env: this.env }, (): unknown => nativeRequire(file));
  }

  /** "../convex/messages.ts:3:7" for a place in one of these files; null for other files and for `convex` itself. */
  readonly mapPlace: PlaceMapper = (url, line, column) => {
    const modulePath = this.relative(url);
    if (modulePath === null) return null;
    const origin = this.sourceMap(modulePath)?.findOrigin(line, column);
    if (origin === undefined || !("fileName" in origin)) return `${modulePath}:${line}:${column}`;
    return origin.fileName.includes("/node_modules/convex/")
      ? null
      : `${origin.fileName}:${origin.lineNumber}:${origin.columnNumber}`;
  };

  private relative(url: string): string | null {
    if (!url.startsWith("file:")) return null;
    const relative = path.relative(this.folder, fileURLToPath(url)).split(path.sep).join("/");
    return this.files.has(relative) ? relative : null;
  }

  private sourceMap(modulePath: string): SourceMap | null {
    const map = this.maps.get(modulePath) ?? parseSourceMap(this.files.get(modulePath)?.sourceMap);
    this.maps.set(modulePath, map);
    return map;
  }

  private unpack(): void {
    try {
      this.write("package.json", '{"type":"module"}\n');
      for (const file of this.files.values()) this.write(file.path, file.source);
    } catch (error) {
      // A folder that exists is whole.
      rmSync(this.folder, { recursive: true, force: true });
      throw error;
    }
  }

  private write(modulePath: string, text: string): void {
    const target = path.resolve(this.folder, modulePath);
    if (!target.startsWith(path.resolve(this.folder) + path.sep))
      throw new EngineError("InvalidModules", `Module path "${modulePath}" leads out of its folder.`);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
}

/**
 * Deletes what an earlier process has unpacked: it may not have reached the disk before a power cut. Only at start:
 * running code may still import lazily.
 */
export function removeBundles(modulesDir: string): void {
  for (const entry of existsSync(modulesDir) ? readdirSync(modulesDir) : []) {
    if (/^[0-9a-f]{32}$/.test(entry)) rmSync(path.join(modulesDir, entry), { recursive: true, force: true });
  }
}

function parseSourceMap(text: string | null | undefined): SourceMap | null {
  const map = typeof text === "string" ? sourceMap.safeParse(JSON.parse(text)) : null;
  if (map?.success !== true) return null;
  return new SourceMap({ version: 3, file: "", sourceRoot: "", sourcesContent: [], ...map.data });
}
