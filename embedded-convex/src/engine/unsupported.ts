/**
 * What embedded-convex leaves out on purpose. Each sentence names the place to run it: Convex itself, in the cloud
 * or self-hosted.
 */
export const WHERE =
  "Run this app on Convex (https://docs.convex.dev/production) or a self-hosted Convex backend to use it.";

export const NOT_HERE = {
  textSearch: `Text search indexes are not part of embedded-convex. ${WHERE}`,
  vectorSearch: `Vector indexes are not part of embedded-convex. ${WHERE}`,
  fileStorage: `File storage (ctx.storage) is not part of embedded-convex. ${WHERE}`,
  managedServices: `Convex-managed services are not part of embedded-convex. ${WHERE}`,
  openId: `OpenID Connect providers (\`domain\`) are not part of embedded-convex; name their keys with \`type: "customJwt"\`. ${WHERE}`,
  httpMounts: `HTTP routes of components and \`httpPrefix\` are not part of embedded-convex. ${WHERE}`,
  plainJson: `The format "json" is not part of embedded-convex; values come in "convex_encoded_json". ${WHERE}`,
  count: `count() of a query is not part of embedded-convex; collect its documents, or keep a count. ${WHERE}`,
  signJwt: `ctx.auth.signJwt is not part of embedded-convex. ${WHERE}`,
} as const;
