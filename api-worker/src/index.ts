import { createApp } from "./app.ts";
import { ROUTES } from "./routes/index.ts";

export { CreditDeskObject } from "./credits/creditDeskObject.ts";
export { ROUTES } from "./routes/index.ts";

const app = createApp(ROUTES);

export default { fetch: app.fetch };
