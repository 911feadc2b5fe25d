import { startApp } from "./app.tsx";
import { goToSignIn } from "./lib/goToSignIn.ts";

startApp({
  // Convex is needed by private pages only: its client is loaded with the first of them.
  connectLive: async (config, queryClient) => {
    const { connectConvex } = await import("./lib/convexLive.tsx");
    return connectConvex({ url: config.convex_url, queryClient, onSignedOut: goToSignIn });
  },
});
