/** What the tests use of the platform's own modules. */
declare module "cloudflare:test" {
  export function runInDurableObject<R>(
    stub: unknown,
    run: (object: unknown, state: unknown) => Promise<R>,
  ): Promise<R>;
}

declare module "cloudflare:workers" {
  /** The bindings of `vitest.config.ts`. */
  export const env: { CREDIT_DESK: import("../src/credits/desk.ts").CreditDesks };
}
