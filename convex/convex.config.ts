import migrations from "@convex-dev/migrations/convex.config.js";
import rateLimiter from "@convex-dev/rate-limiter/convex.config.js";
import { defineApp } from "convex/server";

const app = defineApp();
/** Counts attempts; which limits there are stands in `lib/limits.ts`. */
app.use(rateLimiter);
/** Remembers how far each of `migrations.ts` has come. */
app.use(migrations);

export default app;
