import type { DomainEvent } from '../../backend/model/event.ts';

/** Hands each event of the socket to whoever shows something about it. */
export interface EventFeed {
  publish(event: DomainEvent): void;
  /** Calls `listener` for every event from now on, until the returned function is called. */
  subscribe(listener: (event: DomainEvent) => void): () => void;
}

export function createEventFeed(): EventFeed {
  const listeners = new Set<(event: DomainEvent) => void>();
  return {
    publish: (event) => {
      for (const listener of listeners) listener(event);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
