import { createHash, randomBytes } from "node:crypto";
import { mkdir, rename, rm, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type InstanceSettings, instanceSettings } from "../src/env.ts";
import { type HostContext, gatewayPlace } from "./context.ts";
import { isMissing } from "./files.ts";
import { gatewayCommand } from "./gateway/command.ts";
import { rollBackConfig, writeConfig, writeSecrets } from "./gateway/configFile.ts";
import { killTree } from "./gateway/process.ts";
import { secretsOf } from "./gateway/secrets.ts";
import type { LaunchPlan } from "./gateway/supervisor.ts";
import { type InstancePaths, trashDir } from "./paths.ts";
import type { InstanceRecord } from "./store.ts";

/** What one instance has on this machine: its folders, its port, its configuration and secrets. Starts and stops nothing. */
export class InstanceFiles {
  readonly #context: HostContext;
  readonly #paths: InstancePaths;
  readonly #read: () => InstanceRecord;
  readonly #warn: (text: string) => void;
  #port: number | null;

  constructor(context: HostContext, paths: InstancePaths, read: () => InstanceRecord, warn: (text: string) => void) {
    this.#context = context;
    this.#paths = paths;
    this.#read = read;
    this.#warn = warn;
    this.#port = read().process?.port ?? null;
  }

  /** Port of the present or last gateway; null before the first. */
  get port(): number | null {
    return this.#port;
  }

  async makeFolders(): Promise<void> {
    const { root, home, state, tmp, logs, backups, kept, secrets } = this.#paths;
    for (const dir of [root, home, state, tmp, logs, backups, kept, dirname(secrets)])
      await mkdir(dir, { recursive: true, mode: 0o700 });
  }

  /** Everything a gateway needs before it is started; `heldPort` is the port of one that is being taken over. */
  async prepare(heldPort: number | null): Promise<LaunchPlan> {
    const { ports, install, heap, env: host } = this.#context;
    if (heldPort === null && this.#port !== null) ports.release(this.#port);
    const port = heldPort ?? (await ports.take(this.#port ?? undefined));
    this.#port = port;
    await this.write(port);
    const { bind } = this.#settings();
    const command = gatewayCommand({ install, paths: this.#paths, heap, port, bind, host });
    return { command, port, launchKey: this.launchKey() };
  }

  /** Brings configuration and secrets up to date, and says which of them are different now. */
  async write(port: number): Promise<{ secrets: boolean; config: boolean }> {
    const { gatewayToken, spec } = this.#read();
    const secrets = await writeSecrets(this.#paths, secretsOf(gatewayToken, spec ?? {}));
    const { origins, basePath } = gatewayPlace(this.#context.urls, this.#read().id);
    const config = await writeConfig(this.#paths, {
      settings: this.#settings(),
      port,
      origins,
      basePath,
      secretsFile: this.#paths.secrets,
      logFile: join(this.#paths.logs, "gateway.log"),
      access: spec ?? {},
      version: this.#context.install.version,
    });
    if (config.kind === "replaced")
      this.#warn(`the configuration could not be read (${config.why}); it was set aside and the last good one is back`);
    return { secrets: secrets === "written", config: config.kind !== "unchanged" };
  }

  /** Makes a gateway that watches its configuration look at it again. */
  async touchConfig(): Promise<void> {
    const now = new Date(this.#context.now());
    await utimes(this.#paths.config, now, now);
  }

  /** After a refusal to start: ends what may hold the state folder, and goes back to the last good configuration. */
  async repair(): Promise<string | null> {
    await killTree(this.#paths.home);
    const back = await rollBackConfig(this.#paths);
    return back ? "Its last good configuration is back; the refused one lies beside it." : null;
  }

  /** Digest of everything that only a new process takes up. */
  launchKey(): string {
    const { install, heap } = this.#context;
    const { version } = this.#read().access;
    const parts = [install.entry, install.version, heap.oldSpaceMb, heap.semiSpaceMb, this.#settings().bind];
    // Whoever is connected is cut off with the process.
    if (version > 0) parts.push(version);
    return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
  }

  /** Removes everything: out of the way by one rename first, so that a crash leaves no half of an instance. */
  async erase(): Promise<void> {
    if (this.#port !== null) this.#context.ports.release(this.#port);
    const trash = trashDir(this.#context.dataDir);
    await mkdir(trash, { recursive: true, mode: 0o700 });
    const away = join(trash, `${this.#read().id}-${randomBytes(6).toString("hex")}`);
    try {
      await rename(this.#paths.root, away);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    await rm(away, { recursive: true, force: true });
  }

  #settings(): InstanceSettings {
    const { spec } = this.#read();
    if (spec === null) throw new Error("the instance has no specification any more");
    return instanceSettings(spec.env);
  }
}
