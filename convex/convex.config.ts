import rateLimiter from "@convex-dev/rate-limiter/convex.config.js";
import { defineApp } from "convex/server";

const app = defineApp();
/** Counts attempts; which limits there are stands in `lib/limits.ts`. */
app.use(rateLimiter);

export default app;
