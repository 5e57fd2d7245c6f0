import { describe, expect, it } from 'vitest';
import type { DomainEvent } from '../../backend/model/event.ts';
import { manualClock, uuid } from '../test-support.ts';
import { backoffMs, createLive, type SocketHandlers } from './live.ts';

function event(sequence: number, cluster = 1): DomainEvent {
  return {
    event_id: uuid(sequence),
    sequence,
    event_type: 'CLUSTER_STATUS_CHANGED',
    source: 'health',
    cluster_id: uuid(cluster),
    timestamp: '2026-03-01T10:00:00.000Z',
    payload: {},
  };
}

function setUp(token?: string) {
  const clock = manualClock();
  const sockets: { protocols: string[]; sent: string[]; closed: boolean; handlers: SocketHandlers }[] = [];
  const events: number[] = [];
  let lives = 0;
  const live = createLive({
    open: (protocols, handlers) => {
      const socket = { protocols, sent: [] as string[], closed: false, handlers };
      sockets.push(socket);
      return { send: (text) => socket.sent.push(text), close: () => (socket.closed = true) };
    },
    token: () => token,
    eventTypes: ['CLUSTER_STATUS_CHANGED'],
    clock,
    random: () => 0,
    onEvent: (e) => events.push(e.sequence),
    onLive: () => (lives += 1),
  });
  const last = () => {
    const socket = sockets.at(-1);
    if (!socket) throw new Error('no socket was opened');
    return socket;
  };
  const becomeLive = () => {
    last().handlers.onOpen();
    last().handlers.onText('{"type":"subscribed","subscription_id":"s"}');
  };
  const receive = (e: DomainEvent) => last().handlers.onText(JSON.stringify({ type: 'event', event: e }));
  return { clock, live, sockets, last, events, becomeLive, receive, lives: () => lives };
}

describe('live feed', () => {
  it('subscribes when the socket opens and is live when the server says so', () => {
    const { live, last, becomeLive, lives } = setUp();
    live.start();
    expect(live.state.value).toBe('connecting');
    becomeLive();
    expect(last().sent).toEqual(['{"type":"subscribe","event_types":["CLUSTER_STATUS_CHANGED"]}']);
    expect([live.state.value, lives()]).toEqual(['live', 1]);
  });

  it('knows the role from the server, and not any more once it is stopped', () => {
    const { live, last } = setUp();
    live.start();
    expect(live.role.value).toBeUndefined();
    last().handlers.onText('{"type":"auth_response","success":true,"user":"x","role":"viewer"}');
    expect(live.role.value).toBe('viewer');
    live.stop();
    expect(live.role.value).toBeUndefined();
  });

  it('sends a token as a subprotocol and never in the address', () => {
    const { live, last } = setUp('aiops_secret');
    live.start();
    expect(last().protocols).toEqual(['bearer', 'aiops_secret']);
  });

  it('says that it reconnects at once when the socket is lost, and fetches again when it is back', () => {
    const { live, clock, sockets, last, becomeLive, lives } = setUp();
    live.start();
    becomeLive();
    last().handlers.onClose();
    expect(live.state.value).toBe('reconnecting');
    clock.advance(250);
    expect(sockets).toHaveLength(2);
    becomeLive();
    expect([live.state.value, lives()]).toEqual(['live', 2]);
  });

  it('waits longer after each failure, with jitter, up to 30 seconds', () => {
    expect([0, 1, 2, 10].map((n) => backoffMs(n, () => 0))).toEqual([250, 500, 1000, 15_000]);
    expect([0, 1, 2, 10].map((n) => backoffMs(n, () => 1))).toEqual([500, 1000, 2000, 30_000]);
    const { live, clock, sockets, last } = setUp();
    live.start();
    for (const wait of [250, 500, 1000]) {
      last().handlers.onClose();
      const before = sockets.length;
      clock.advance(wait - 1);
      expect(sockets).toHaveLength(before);
      clock.advance(1);
      expect(sockets).toHaveLength(before + 1);
    }
  });

  it('waits as long as the server asks when it says goodbye', () => {
    const { live, clock, sockets, last, becomeLive } = setUp();
    live.start();
    becomeLive();
    last().handlers.onText('{"type":"disconnect","reason":"restart","reconnect_after_ms":4000}');
    expect(live.state.value).toBe('reconnecting');
    clock.advance(3999);
    expect(sockets).toHaveLength(1);
    clock.advance(1);
    expect(sockets).toHaveLength(2);
  });

  it('gives up on a socket that is silent after a ping', () => {
    const { live, clock, last, sockets, becomeLive } = setUp();
    live.start();
    becomeLive();
    clock.advance(15_000);
    expect(last().sent.at(-1)).toBe('{"type":"ping"}');
    clock.advance(5000);
    expect([live.state.value, sockets[0]?.closed]).toEqual(['reconnecting', true]);
  });

  it('stays live while pongs come', () => {
    const { live, clock, last, becomeLive } = setUp();
    live.start();
    becomeLive();
    for (let n = 0; n < 10; n += 1) {
      clock.advance(15_000);
      last().handlers.onText('{"type":"pong"}');
    }
    expect(live.state.value).toBe('live');
  });

  it('delivers an event that comes twice once, and orders each cluster on its own', () => {
    const { live, events, becomeLive, receive } = setUp();
    live.start();
    becomeLive();
    for (const e of [event(5, 1), event(5, 1), event(3, 2), event(4, 1), event(6, 1)]) receive(e);
    expect(events).toEqual([5, 3, 6]);
  });

  it('passes over what it does not know and what is not JSON', () => {
    const { live, events, last, becomeLive } = setUp();
    live.start();
    becomeLive();
    for (const text of ['{', '7', 'null', '{"type":"later"}', '{"type":"event"}']) last().handlers.onText(text);
    expect([live.state.value, events]).toEqual(['live', []]);
  });

  it('leaves a socket alone that it has given up', () => {
    const { live, clock, sockets, becomeLive, events } = setUp();
    live.start();
    becomeLive();
    const old = sockets[0];
    old?.handlers.onClose();
    clock.advance(250);
    becomeLive();
    old?.handlers.onText(JSON.stringify({ type: 'event', event: event(1) }));
    old?.handlers.onClose();
    expect([live.state.value, events, sockets.length]).toEqual(['live', [], 2]);
  });

  it('opens nothing after it was stopped', () => {
    const { live, clock, last, sockets } = setUp();
    live.start();
    last().handlers.onClose();
    live.stop();
    clock.advance(60_000);
    live.retryNow();
    expect([sockets.length, live.state.value]).toEqual([1, 'stopped']);
  });
});
