/** One request as the upstream saw it, for `GET /double/requests`. Neither prompts nor whole keys are kept. */
export interface SeenRequest {
  /** 1, 2, 3 … since the start. */
  id: number;
  /** Milliseconds since 1970. */
  at: number;
  method: string;
  path: string;
  model: string | null;
  /** The last four characters of the key; null without one. */
  auth_suffix: string | null;
  stream: boolean;
  /** `max_completion_tokens`, `max_tokens` or `max_output_tokens`, as it came. */
  max_tokens: number | null;
  /** Whether the caller asked for a usage chunk. */
  include_usage: boolean;
  /** Null until the answer has begun. */
  status: number | null;
  /** How it ended: `aborted` is the caller's doing, `cut` the double's. */
  ended: "running" | "complete" | "cut" | "aborted";
  /** What usage told; null when it told nothing. */
  usage: { prompt_tokens: number; completion_tokens: number } | null;
  /** Tokens of the answer that were written before the end, of all choices. */
  delivered_tokens: number;
}

const KEPT = 1000;

/** The last thousand requests. */
export class RequestLog {
  readonly #now: () => number;
  #seen: SeenRequest[] = [];
  #count = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  open(method: string, path: string, authSuffix: string | null): SeenRequest {
    this.#count += 1;
    const seen: SeenRequest = {
      id: this.#count,
      at: this.#now(),
      method,
      path,
      model: null,
      auth_suffix: authSuffix,
      stream: false,
      max_tokens: null,
      include_usage: false,
      status: null,
      ended: "running",
      usage: null,
      delivered_tokens: 0,
    };
    this.#seen = [...this.#seen.slice(-(KEPT - 1)), seen];
    return seen;
  }

  list(): readonly SeenRequest[] {
    return this.#seen;
  }

  clear(): void {
    this.#seen = [];
  }
}
