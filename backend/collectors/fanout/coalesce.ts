import { orAborted } from '../../platform/abort.ts';

/** Lets those who ask the same thing at the same time share one request. */
export interface Coalescer {
  /**
   * The result of the request under way for this key, or of `start`, which is run when there is none. A caller who leaves
   * (`signal`) is rejected with the signal's reason and disturbs nobody; when the last one has left, the request is aborted.
   */
  share<T>(key: string, signal: AbortSignal, start: (request: SharedRequest) => Promise<T>): Promise<T>;
  /** Requests under way whose key begins so take in nobody new. */
  forget(keyPrefix: string): void;
}

export interface SharedRequest {
  /** Aborts when the last caller has left. */
  readonly signal: AbortSignal;
  /** False once it was forgotten: its answer may be of a time before a change. */
  isCurrent(): boolean;
}

class Flight implements SharedRequest {
  readonly #controller = new AbortController();
  readonly #underWay: Map<string, Flight>;
  readonly #key: string;
  readonly result: Promise<unknown>;
  #callers = 0;
  #settled = false;

  constructor(underWay: Map<string, Flight>, key: string, start: (request: SharedRequest) => Promise<unknown>) {
    this.#underWay = underWay;
    this.#key = key;
    underWay.set(key, this);
    this.result = start(this);
    const settle = () => {
      this.#settled = true;
      this.#land();
    };
    this.result.then(settle, settle);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  isCurrent(): boolean {
    return this.#underWay.get(this.#key) === this;
  }

  board(): void {
    this.#callers += 1;
  }

  leave(reason: unknown): void {
    this.#callers -= 1;
    if (this.#callers > 0 || this.#settled) return;
    this.#land();
    this.#controller.abort(reason);
  }

  #land(): void {
    if (this.isCurrent()) this.#underWay.delete(this.#key);
  }
}

export function createCoalescer(): Coalescer {
  const underWay = new Map<string, Flight>();
  return {
    share: async <T>(key: string, signal: AbortSignal, start: (request: SharedRequest) => Promise<T>) => {
      signal.throwIfAborted();
      const flight = underWay.get(key) ?? new Flight(underWay, key, start);
      flight.board();
      try {
        return (await orAborted(flight.result, signal)) as T; // proof: one key stands for one question, whose answer has one type
      } finally {
        flight.leave(signal.reason);
      }
    },
    forget: (keyPrefix) => {
      for (const key of underWay.keys()) if (key.startsWith(keyPrefix)) underWay.delete(key);
    },
  };
}
