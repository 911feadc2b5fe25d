import { spawn } from "node:child_process";
import type { Command } from "../gateway/command.ts";
import { killJobs } from "../gateway/process.ts";
import { signal } from "../processes.ts";

/** What a command printed, bounded. */
export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

const OUTPUT_BYTES = 1024 * 1024;

/**
 * Runs one `openclaw …` to its end. A command that takes longer than `timeoutMs`, or is aborted, is killed with everything
 * it started. Never rejects for what the command did; its code says that.
 */
export function runCli(command: Command, timeoutMs: number, wanted: AbortSignal): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command.file, command.args, {
      cwd: command.cwd,
      env: command.env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    const kill = () => {
      if (child.pid !== undefined) signal(-child.pid, "SIGKILL");
      // What it started may lead a group of its own. One job runs for a home at a time, so all of them are this one's.
      void killJobs(command.cwd).catch(ignore);
    };
    const timer = setTimeout(kill, timeoutMs);
    wanted.addEventListener("abort", kill, { once: true });
    const done = () => {
      clearTimeout(timer);
      wanted.removeEventListener("abort", kill);
    };
    child.once("error", (error) => {
      done();
      reject(error);
    });
    child.once("close", (code) => {
      done();
      resolve({ code, stdout: stdout(), stderr: stderr() });
    });
    if (wanted.aborted) kill();
  });
}

/** A job that cannot be killed is told of when its instance is started or deleted. */
function ignore(): void {}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    // Read on to the end, so that the command never blocks on a full pipe, but keep only so much.
    if (size < OUTPUT_BYTES) chunks.push(chunk);
    size += chunk.byteLength;
  });
  return () => Buffer.concat(chunks).toString("utf8").slice(0, OUTPUT_BYTES);
}
