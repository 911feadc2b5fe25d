import type { AuthConfig } from "convex/server";

/**
 * The browser's own connection carries a short ES256 token that the API Worker signs (`POST /web/convex-token`).
 * `OA_CONVEX_JWKS` is a `data:` URL with the public keys, so that nothing is fetched and a rotation carries both keys.
 */
export default {
  providers: [
    {
      type: "customJwt",
      issuer: process.env.OA_CONVEX_JWT_ISSUER ?? "",
      // Always set: without it a token meant for the editor API would be accepted here.
      applicationID: "convex",
      algorithm: "ES256",
      jwks: process.env.OA_CONVEX_JWKS ?? "",
    },
  ],
} satisfies AuthConfig;
