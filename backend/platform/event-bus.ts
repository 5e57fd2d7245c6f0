import type { DomainEvent } from '../model/event.ts';
import type { Logger } from './logger.ts';

/** Hands events to whoever listens in this process. */
export interface EventBus {
  /** Calls every listener before it returns, in the order they came. A listener that throws is logged and harms no other. */
  publish(event: DomainEvent): void;
  /** The returned function ends the subscription; calling it twice is harmless. */
  subscribe(listener: (event: DomainEvent) => void): () => void;
}

export function createEventBus(logger: Logger): EventBus {
  const subscriptions = new Set<{ listener: (event: DomainEvent) => void }>();
  return {
    publish: (event) => {
      for (const { listener } of subscriptions) {
        try {
          listener(event);
        } catch (error) {
          logger.error(
            { err: error, event_id: event.event_id, event_type: event.event_type },
            'an event listener failed',
          );
        }
      }
    },
    subscribe: (listener) => {
      const subscription = { listener }; // its own object: one function may subscribe twice
      subscriptions.add(subscription);
      return () => void subscriptions.delete(subscription);
    },
  };
}
