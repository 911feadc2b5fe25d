import { fileURLToPath } from "node:url";
import { tanstackRouter } from "@tanstack/router-plugin/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const root = fileURLToPath(new URL(".", import.meta.url));

/**
 * `npm run dev -w website` serves the page and passes `/web` and `/api` on to the door given by `OA_API_ORIGIN`, with
 * the Host header of this server, so that the door's same-origin guard sees one origin.
 *
 * Mode `fixtures` builds `fixtures.html` instead: the same routes over made-up data, for tests and for looking at a
 * state that is hard to reach. It is never part of the production build.
 */
export default defineConfig(({ mode }) => {
  const api = process.env["OA_API_ORIGIN"] ?? "http://127.0.0.1:8787";
  const forward = { target: api, changeOrigin: false };
  const fixtures = mode === "fixtures";
  return {
    root,
    plugins: [tanstackRouter({ target: "react", autoCodeSplitting: true }), react()],
    build: {
      outDir: fixtures ? "../.cache/website-fixtures" : "dist",
      emptyOutDir: true,
      target: "es2022",
      // A data: URL would need an exception in the content security policy.
      assetsInlineLimit: 0,
      rolldownOptions: { input: fixtures ? `${root}fixtures.html` : `${root}index.html` },
    },
    server: { proxy: { "/web": forward, "/api": forward } },
  };
});
