import type { RuntimeEvent } from "@oa/contract";
import type { Events } from "../src/ports.ts";
import type { Reporter } from "./events.ts";

/** Tells everybody who wants to know of an instance: the control plane, and whoever holds an event stream open. */
export class InstanceEvents implements Events {
  readonly #reporter: Reporter;
  readonly #take: () => RuntimeEvent;
  readonly #listeners = new Set<(event: RuntimeEvent) => void>();

  constructor(reporter: Reporter, take: () => RuntimeEvent) {
    this.#reporter = reporter;
    this.#take = take;
  }

  snapshot(): RuntimeEvent {
    return this.#take();
  }

  subscribe(listener: (event: RuntimeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Something is different now. */
  tell(id: string): void {
    this.#reporter.changed(id, this.#take);
    if (this.#listeners.size === 0) return;
    const event = this.#take();
    for (const listener of this.#listeners) listener(event);
  }
}
