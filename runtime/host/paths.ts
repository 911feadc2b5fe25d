import { join } from "node:path";

/**
 * Where everything of one instance lives. One folder an instance, so that deleting it is one rename; all of it 0700.
 * What a backup holds is `state`; what it must not hold (secrets, logs, backups) lies beside it.
 */
export interface InstancePaths {
  root: string;
  /** HOME of the gateway and of everything its agents start; also how orphans are recognised. */
  home: string;
  /** OPENCLAW_STATE_DIR. */
  state: string;
  /** OPENCLAW_CONFIG_PATH; inside the state, so that a backup and a restore carry it. */
  config: string;
  /** The configuration of the last gateway that became ready. */
  lastGoodConfig: string;
  /** TMPDIR; kept between boots for the compile cache in it. */
  tmp: string;
  logs: string;
  /** Gateway token and inference key, read by the gateway through secret references. */
  secrets: string;
  backups: string;
  /** States a restore replaced. */
  kept: string;
  /** Where a restore unpacks before it swaps. */
  staging: string;
}

export function instancePaths(dataDir: string, id: string): InstancePaths {
  const root = join(dataDir, "instances", id);
  const state = join(root, "state");
  return {
    root,
    home: join(root, "home"),
    state,
    config: join(state, "openclaw.json"),
    lastGoodConfig: join(root, "config.last-good.json"),
    tmp: join(root, "tmp"),
    logs: join(root, "logs"),
    secrets: join(root, "secrets", "secrets.json"),
    backups: join(root, "backups"),
    kept: join(root, "kept"),
    staging: join(root, "staging"),
  };
}

export function trashDir(dataDir: string): string {
  return join(dataDir, "trash");
}
