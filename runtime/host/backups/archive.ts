import { readFile, readdir, rename, rm } from "node:fs/promises";
import { isAbsolute, join, relative, resolve } from "node:path";
import { ApiError } from "@oa/contract";
import * as z from "zod";
import { syncDir, syncFile } from "../files.ts";
import { type OpenClawInstall, cliCommand } from "../gateway/command.ts";
import type { JobContext } from "../jobs.ts";
import type { InstancePaths } from "../paths.ts";
import { type CatalogDirs, type StoredBackup, archivePath, newBackupId } from "./catalog.ts";
import { runCli } from "./cli.ts";
import { digestFile } from "./digest.ts";

/** Archives of a state folder, made and checked by OpenClaw's own `backup` command, also while its gateway runs. */

const CREATE_TIMEOUT_MS = 15 * 60_000;
const VERIFY_TIMEOUT_MS = 15 * 60_000;

export interface ArchiveTools {
  install: OpenClawInstall;
  paths: InstancePaths;
  dirs: CatalogDirs;
  host: NodeJS.ProcessEnv;
  now: () => number;
}

/** Writes an archive, reads it back, and only then gives it its name. Not yet recorded. */
export async function createArchive(tools: ArchiveTools, job: JobContext): Promise<StoredBackup> {
  const createdAt = tools.now();
  const id = newBackupId(createdAt);
  const partial = join(tools.dirs.backups, `${id}.partial.tar.gz`);
  try {
    job.phase("writing the archive");
    await openclaw(
      tools,
      ["backup", "create", "--output", partial, "--json"],
      CREATE_TIMEOUT_MS,
      job,
      "The backup could not be written",
    );
    job.phase("reading the archive back");
    await openclaw(tools, ["backup", "verify", partial, "--json"], VERIFY_TIMEOUT_MS, job, "The backup did not verify");
    const digest = await digestFile(partial);
    await syncFile(partial);
    job.signal.throwIfAborted();
    await rename(partial, archivePath(tools.dirs, id));
    await syncDir(tools.dirs.backups);
    return {
      id,
      createdAt,
      ...digest,
      verified: true,
      openclawVersion: tools.install.version,
      form: "archive",
      paths: [],
    };
  } finally {
    await rm(partial, { force: true });
  }
}

/** Checks an archive against its record and by OpenClaw's own rules; `backup_corrupt` when it is not what was written. */
export async function verifyArchive(tools: ArchiveTools, backup: StoredBackup, job: JobContext): Promise<void> {
  job.phase("checking the archive");
  const path = archivePath(tools.dirs, backup.id);
  const digest = await digestFile(path).catch(() => null);
  if (digest === null)
    throw new ApiError("backup_corrupt", "The file of this backup is missing. Nothing was restored.");
  if (digest.sha256 !== backup.sha256)
    throw new ApiError(
      "backup_corrupt",
      "This backup is not what was written: its checksum differs. Nothing was restored.",
    );
  const result = await runCli(
    cliCommand(tools.install, tools.paths, ["backup", "verify", path, "--json"], tools.host),
    VERIFY_TIMEOUT_MS,
    job.signal,
  );
  job.signal.throwIfAborted();
  if (result.code !== 0) throw new ApiError("backup_corrupt", "This backup does not verify. Nothing was restored.");
}

const Manifest = z.object({
  assets: z.array(z.object({ kind: z.string(), sourcePath: z.string(), archivePath: z.string() })),
});

/** A restored folder or file, and the place of this instance it belongs to. */
export interface RestoredAsset {
  live: string;
  restored: string;
}

/** Unpacks a verified archive into the (empty) staging folder, and says what belongs where. */
export async function unpackArchive(
  tools: ArchiveTools,
  backup: StoredBackup,
  job: JobContext,
): Promise<RestoredAsset[]> {
  job.phase("unpacking");
  const { paths } = tools;
  const target = join(paths.staging, backup.id);
  const path = archivePath(tools.dirs, backup.id);
  await openclaw(
    tools,
    ["backup", "restore", path, "--target", target, "--json"],
    CREATE_TIMEOUT_MS,
    job,
    "The backup could not be unpacked",
  );
  const [archiveRoot] = await readdir(target);
  if (archiveRoot === undefined) throw new ApiError("backup_corrupt", "The backup is empty. Nothing was restored.");
  const manifest = Manifest.parse(JSON.parse(await readFile(join(target, archiveRoot, "manifest.json"), "utf8")));
  const assets: RestoredAsset[] = [];
  for (const asset of manifest.assets) {
    const restored = resolve(target, asset.archivePath);
    // The state may come from another folder or host; anything else only goes back to a place of this instance.
    const live = asset.kind === "state" ? paths.state : asset.sourcePath;
    if (!isInside(target, restored))
      throw new ApiError("backup_corrupt", "The backup points outside of itself. Nothing was restored.");
    const covered = live !== paths.state && isInside(paths.state, live);
    if (!covered && (live === paths.state || isInside(paths.home, live))) assets.push({ live, restored });
  }
  if (!assets.some((asset) => asset.live === paths.state))
    throw new ApiError("backup_corrupt", "The backup holds no state folder. Nothing was restored.");
  return assets;
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== "" && !way.startsWith("..") && !isAbsolute(way);
}

async function openclaw(
  tools: ArchiveTools,
  args: string[],
  timeoutMs: number,
  job: JobContext,
  failure: string,
): Promise<void> {
  const result = await runCli(cliCommand(tools.install, tools.paths, args, tools.host), timeoutMs, job.signal);
  job.signal.throwIfAborted();
  if (result.code === 0) return;
  // Its last line says most; the rest of its output is for the host's log only.
  const said = (result.stderr.trim() || result.stdout.trim()).split("\n").at(-1) ?? "";
  throw new ApiError(
    "runtime_error",
    `${failure}: ${said.slice(0, 300) || `openclaw ended with ${result.code ?? "a signal"}`}`,
  );
}
