import type { ChatStreamEvent } from '../../backend/model/chat.ts';

type WithoutId<E> = E extends { id: number } ? Omit<E, 'id'> : never;
export type UnnumberedEvent = WithoutId<ChatStreamEvent>;

export interface EventLog {
  emit(event: UnnumberedEvent): void;
}

/** Numbers the events of one answer from 1 without gaps. */
export function createEventLog(listener: (event: ChatStreamEvent) => void): EventLog {
  let last = 0;
  return {
    emit(event) {
      last += 1;
      listener({ id: last, ...event });
    },
  };
}
