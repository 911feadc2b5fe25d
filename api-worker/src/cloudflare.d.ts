/** What is used of the platform's own module; its whole types would clash with those of Node and of browsers. */
declare module "cloudflare:workers" {
  export abstract class DurableObject<Env> {
    constructor(state: unknown, env: Env);
    protected readonly env: Env;
  }
}
