import { cronJobs } from "convex/server";
import { internal } from "./_generated/api.js";

const crons = cronJobs();

crons.interval("re-drive what stood still", { seconds: 15 }, internal.drives.sweep, {});
crons.interval("prune what has passed its retention", { hours: 1 }, internal.retention.prune, {});

crons.interval("end the holds nobody ended", { minutes: 1 }, internal.holds.expire, {});
crons.interval("add up what was used", { minutes: 1 }, internal.usageRollup.rollUp, {});
crons.interval("put to sleep what has no credit", { minutes: 5 }, internal.suspension.sweep, {});
crons.interval("send the mails of alerts again that did not go out", { minutes: 5 }, internal.alertMail.sweep, {});
crons.interval(
  "send the notices of accounts again that did not go out",
  { minutes: 5 },
  internal.accountNotices.sweep,
  {},
);
crons.daily("let grants lapse", { hourUTC: 0, minuteUTC: 5 }, internal.grants.lapseDue, {});
crons.daily("give this month's credit", { hourUTC: 0, minuteUTC: 15 }, internal.grants.grantMonthly, {});
crons.daily("prove the books", { hourUTC: 3, minuteUTC: 0 }, internal.reconciliation.reconcile, {});
crons.interval("bring old rows up to date", { hours: 1 }, internal.migrations.runAll, {});

export default crons;
