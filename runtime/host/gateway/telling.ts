import { setTimeout as sleep } from "node:timers/promises";
import type { InstanceFiles } from "../instanceFiles.ts";
import { messageOf } from "../log.ts";
import type { DeviceMirror } from "./deviceMirror.ts";
import type { LinkTarget } from "./link.ts";
import { TakeUp } from "./takeUp.ts";

/** An agent's turn may keep a gateway from taking up a configuration; few last longer than this. */
const TAKE_UP_PATIENCE_MS = 5 * 60_000;
const RETRY_SECRETS_MS = 1_000;

export interface TellingDeps {
  files: InstanceFiles;
  mirror: DeviceMirror;
  /** Milliseconds of a clock that only goes on. */
  elapsed: () => number;
  /** Tell it again after so many milliseconds, in the order of everything else that is done to the gateway. */
  again: (afterMs: number) => void;
  /** It will not take up what it was told. */
  startAnew: () => void;
  note: (level: "info" | "warn", text: string) => void;
}

/**
 * What a running gateway is told of a new wish, without being started again: it reads its configuration by itself, and its
 * secrets when it is asked to. Also follows its devices while it is ready.
 */
export class Telling {
  readonly #deps: TellingDeps;
  readonly #takeUp: TakeUp;
  /** A wish came while the gateway was on its way up, and is not in its files yet. */
  #untold = false;
  /** The secrets file is newer than what the gateway has read. */
  #unread = false;

  constructor(deps: TellingDeps) {
    this.#deps = deps;
    const { files, mirror, elapsed } = deps;
    this.#takeUp = new TakeUp({
      applied: () => mirror.runsWithConfig(),
      touch: () => files.touchConfig(),
      done: () => deps.again(0),
      giveUp: () => {
        deps.note("warn", "the gateway did not take up its new configuration; it is started again");
        deps.startAnew();
      },
      patienceMs: TAKE_UP_PATIENCE_MS,
      wait: (ms, signal) => sleep(ms, undefined, { signal }),
      elapsed,
    });
  }

  /** The gateway is ready, or (null) it is not. */
  follow(target: LinkTarget | null): void {
    if (target === null) {
      this.#takeUp.end();
      this.#deps.mirror.close();
      return;
    }
    this.#deps.mirror.open(target);
    if (this.#untold) this.#deps.again(0);
  }

  /** Brings the files up to date and has the gateway read them; null while it is on its way up. */
  async tell(target: LinkTarget | null): Promise<void> {
    const { files, mirror, again, note } = this.#deps;
    // What a gateway was started with is older than this wish: it takes the rest up as soon as it can be told.
    this.#untold = target === null;
    if (target === null) return;
    const written = await files.write(target.port);
    if (written.config) this.#takeUp.follow();
    if (written.secrets) this.#unread = true;
    if (!this.#unread) return;
    // Read before the configuration that refers to them, new secrets would be unknown and old ones missing. A new token of the
    // gateway's own does not wait: it opens the connection by which the gateway is asked what it runs with.
    if (this.#takeUp.following && mirror.follows(target)) return;
    try {
      await mirror.reloadSecrets(target);
      this.#unread = false;
      note("info", "secrets renewed");
    } catch (error) {
      // A gateway that takes a configuration up may be away for a moment; it is not worse for that.
      note("warn", `the gateway did not read its secrets: ${messageOf(error)}`);
      again(RETRY_SECRETS_MS);
    }
  }
}
