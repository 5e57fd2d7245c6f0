import { describe, expect, it } from 'vitest';
import type { DomainEvent } from '../model/event.ts';
import { createEventBus } from './event-bus.ts';
import { createLogger } from './logger.ts';

const EVENT: DomainEvent = {
  event_id: '0190f0a0-0000-4000-8000-000000000001',
  sequence: 1,
  event_type: 'CHAT_MESSAGE',
  source: 'test',
  timestamp: '2026-03-01T10:00:00.000Z',
  payload: {},
};

describe('event bus', () => {
  it('tells every listener, in the order they came, until it leaves', () => {
    const bus = createEventBus(createLogger({ level: 'silent' }));
    const heard: string[] = [];
    const leave = bus.subscribe(() => void heard.push('a'));
    bus.subscribe(() => void heard.push('b'));
    bus.publish(EVENT);
    leave();
    leave();
    bus.publish(EVENT);
    expect(heard).toEqual(['a', 'b', 'b']);
  });

  it('logs a listener that throws and goes on to the next', () => {
    const lines: string[] = [];
    const bus = createEventBus(
      createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } }),
    );
    const heard: DomainEvent[] = [];
    bus.subscribe(() => {
      throw new Error('broken listener');
    });
    bus.subscribe((e) => heard.push(e));
    bus.publish(EVENT);
    expect(heard).toEqual([EVENT]);
    expect(lines.join('')).toContain('broken listener');
  });
});
