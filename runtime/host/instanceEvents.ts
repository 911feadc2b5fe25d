import type { RuntimeEvent } from "@oa/contract";
import type { Events, Follower } from "../src/ports.ts";
import type { Reporter } from "./events.ts";

/** Tells everybody who wants to know of an instance: the control plane, and whoever holds an event stream open. */
export class InstanceEvents implements Events {
  readonly #reporter: Reporter;
  readonly #take: () => RuntimeEvent;
  readonly #followers = new Set<Follower>();

  constructor(reporter: Reporter, take: () => RuntimeEvent) {
    this.#reporter = reporter;
    this.#take = take;
  }

  snapshot(): RuntimeEvent {
    return this.#take();
  }

  subscribe(follower: Follower): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** Something is different now. */
  tell(id: string): void {
    this.#reporter.changed(id, this.#take);
    for (const follower of this.#followers) follower.changed();
  }

  /** Nothing will be different any more: the instance is gone. */
  end(): void {
    for (const follower of this.#followers) follower.ended();
    this.#followers.clear();
  }
}
