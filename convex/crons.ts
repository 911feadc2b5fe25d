import { cronJobs } from "convex/server";
import { internal } from "./_generated/api.js";

const crons = cronJobs();

crons.interval("re-drive what stood still", { seconds: 15 }, internal.drives.sweep, {});
crons.interval("prune what has passed its retention", { hours: 1 }, internal.retention.prune, {});

export default crons;
