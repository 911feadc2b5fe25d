import { describe, expect, it } from "vitest";
import { activities } from "./activityView.ts";
import type { AuditLine } from "./live.tsx";

function line(
  act_id: string,
  result: AuditLine["result"],
  created_at: number,
  change: Partial<AuditLine> = {},
): AuditLine {
  return {
    act_id,
    action: "runtime.backup",
    target: null,
    via: "session",
    result,
    code: null,
    ip: null,
    created_at,
    ...change,
  };
}

describe("the activity", () => {
  it("tells an act once: how it ended, or that it is under way", () => {
    const acts = activities([line("b", "started", 30), line("a", "ok", 20), line("a", "started", 10)]);
    expect(acts.map(({ title, at }) => [title, at])).toEqual([
      ["Backup under way", 30],
      ["Backup made", 20],
    ]);
  });

  it("says that an act failed, with its code, and never that it was done", () => {
    const [act] = activities([line("a", "failed", 20, { code: "busy" }), line("a", "started", 10)]);
    expect(act).toMatchObject({ title: "Backup failed", result: "failed", code: "busy" });
  });

  it("tells who did it and from where", () => {
    const who = (change: Partial<AuditLine>) => activities([line("a", "ok", 1, change)])[0]?.by;
    expect(who({ ip: "203.0.113.9" })).toBe("by you from 203.0.113.9");
    expect(who({ via: "internal" })).toBe("by a service on your behalf");
    expect(who({ via: "terminal", ip: "203.0.113.9" })).toBe("by you, in a terminal, from 203.0.113.9");
    expect(who({ via: "terminal" })).toBe("by you, in a terminal");
    expect(who({ via: "system", ip: "203.0.113.9" })).toBe("by the platform");
  });

  it("tells an administrator's act from one's own, and an adjustment in dollars", () => {
    const [act] = activities([line("a", "ok", 1, { action: "credits.adjust", target: "-1500000", via: "internal" })]);
    expect(act).toMatchObject({ title: "Your credits adjusted", by: "by an administrator", target: "-$1.50" });
    const [stop] = activities([line("b", "ok", 1, { action: "admin.instance.stop" })]);
    expect(stop).toMatchObject({ title: "Stop asked for", by: "by an administrator", target: null });
  });

  it("tells of an instance's secrets which they are, and that nobody's hand was in it", () => {
    const [act] = activities([
      line("a", "ok", 1, { action: "secret.store", target: "k3v9:inference_key", via: "internal" }),
    ]);
    expect(act).toMatchObject({
      title: "Secret of your OpenClaw made",
      by: "by the platform",
      target: "its key for model calls",
    });
  });

  it("shows an action that is new to it by its name", () => {
    expect(activities([line("a", "ok", 1, { action: "key.rotate_all" })])[0]?.title).toBe("key rotate all");
  });
});
