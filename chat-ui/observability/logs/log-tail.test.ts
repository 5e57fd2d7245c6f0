import { describe, expect, it } from 'vitest';
import { ApiFailure } from '../../api/failure.ts';
import type { SocketHandlers } from '../../api/live.ts';
import { manualClock, settled } from '../../test-support.ts';
import { createLogTail, MOST_LINES } from './log-tail.ts';
import { logEntry } from './test-logs.ts';

function setup(plan: () => Promise<unknown> = () => Promise.resolve({})) {
  const clock = manualClock();
  const sockets: SocketHandlers[] = [];
  const closed: number[] = [];
  let held = false;
  const tail = createLogTail({
    plan,
    open: (_protocols, handlers) => {
      const n = sockets.push(handlers);
      return { send: () => undefined, close: () => void closed.push(n) };
    },
    token: () => undefined,
    clock,
    random: () => 0,
    isHeld: () => held,
  });
  const say = (message: Record<string, unknown>) => sockets.at(-1)?.onText(JSON.stringify(message));
  const started = { type: 'started', followed: [{ cluster_name: 'alpha' }], skipped: [] };
  return {
    tail,
    clock,
    sockets,
    closed,
    say,
    hold: (value: boolean) => (held = value),
    begin: async () => {
      tail.start();
      await settled();
      say(started);
    },
    started,
    messages: () => tail.shown.value.map(({ entry }) => entry.message),
    lines: (...numbers: number[]) => say({ type: 'entries', entries: numbers.map((n) => logEntry(n)) }),
  };
}

describe('a live tail', () => {
  it('shows lines newest first, those of a moment together', async () => {
    const { tail, begin, lines, clock, messages } = setup();
    await begin();
    lines(1, 2);
    lines(3);
    expect(messages()).toEqual([]);
    clock.advance(300);
    expect([messages(), tail.state.value]).toEqual([['line 3', 'line 2', 'line 1'], 'live']);
  });

  it('lets lines wait while the person is among them or has paused, and shows them on demand', async () => {
    const { tail, begin, lines, clock, messages, hold } = setup();
    await begin();
    hold(true);
    lines(1, 2);
    clock.advance(300);
    expect([messages(), tail.waiting.value]).toEqual([[], 2]);
    tail.showWaiting();
    expect([messages(), tail.waiting.value]).toEqual([['line 2', 'line 1'], 0]);
    hold(false);
    tail.pause(true);
    lines(3);
    clock.advance(300);
    expect(tail.waiting.value).toBe(1);
    tail.pause(false);
    expect(messages()[0]).toBe('line 3');
  });

  it('counts what was dropped, by whom, and what had to go here', async () => {
    const { tail, begin, say, clock, hold } = setup();
    await begin();
    say({ type: 'dropped', cluster_name: 'alpha', count: 7, by: 'LOKI' });
    say({ type: 'dropped', cluster_name: 'alpha', count: 2, by: 'READER' });
    hold(true);
    say({ type: 'entries', entries: Array.from({ length: MOST_LINES + 5 }, (_, n) => logEntry(n)) });
    clock.advance(300);
    expect([tail.dropped.value, tail.waiting.value]).toEqual([{ loki: 7, server: 2, here: 5 }, MOST_LINES]);
  });

  it('tells of each cluster whether it is followed, and why not', async () => {
    const { tail, begin, say, started } = setup();
    await begin();
    say({ ...started, skipped: [{ cluster_name: 'edge', warnings: ['metrics only'] }] });
    say({ type: 'cluster', cluster_name: 'alpha', state: 'RECONNECTING', reason: 'reset', gap: true });
    expect(tail.clusters.value).toEqual([
      { name: 'alpha', state: 'RECONNECTING', reason: 'reset' },
      { name: 'edge', state: 'SKIPPED', reason: 'metrics only' },
    ]);
    expect(tail.gaps.value).toBe(1);
  });

  it('connects again after it was lost, and says that lines may be missing; not when every cluster failed for good', async () => {
    const { tail, begin, sockets, clock, say, started } = setup();
    await begin();
    sockets[0]?.onClose();
    expect(tail.state.value).toBe('reconnecting');
    clock.advance(1000);
    await settled();
    say(started);
    expect([sockets.length, tail.state.value, tail.gaps.value]).toEqual([2, 'live', 1]);
    say({ type: 'cluster', cluster_name: 'alpha', state: 'FAILED', reason: 'denied' });
    sockets[1]?.onClose();
    clock.advance(60_000);
    await settled();
    expect([sockets.length, tail.state.value]).toEqual([2, 'stopped']);
  });

  it('that is refused says why and is not tried again', async () => {
    const refusal = new ApiFailure('INVALID_LOGQL', 'no', { status: 400 });
    const { tail, clock, sockets } = setup(() => Promise.reject(refusal));
    tail.start();
    await settled();
    clock.advance(60_000);
    expect([tail.state.value, tail.failure.value, sockets.length]).toEqual(['failed', refusal, 0]);
  });

  it('hears nothing any more once it is stopped', async () => {
    const { tail, begin, lines, clock, messages, closed } = setup();
    await begin();
    tail.stop();
    lines(1);
    clock.advance(300);
    expect([messages(), closed]).toEqual([[], [1]]);
  });
});
