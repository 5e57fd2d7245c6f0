import { describe, expect, it } from 'vitest';
import { ManualClock } from '../platform/clock.ts';
import { createOverdueQueue } from './overdue-queue.ts';

function setUp(count: number) {
  const clock = new ManualClock();
  const queue = createOverdueQueue(clock);
  const begun: PromiseWithResolvers<void>[] = [];
  const cancels = Array.from({ length: count }, () =>
    queue.add(() => {
      const slot = Promise.withResolvers<void>();
      begun.push(slot);
      return slot.promise;
    }),
  );
  const settle = () => clock.advance(0);
  return { clock, begun, cancels, settle };
}

describe('overdue queue', () => {
  it('begins at once as much as there are slots, and the next when one is free', async () => {
    const { begun, settle } = setUp(100);
    expect(begun).toHaveLength(32);
    for (const slot of begun.slice(0, 5)) slot.resolve();
    await settle();
    expect(begun).toHaveLength(37);
  });

  it('goes on slowly while everything hangs', async () => {
    const { clock, begun } = setUp(100);
    await clock.advance(49);
    expect(begun).toHaveLength(32);
    await clock.advance(451);
    expect(begun).toHaveLength(42);
    await clock.advance(60_000);
    expect(begun).toHaveLength(100);
  });

  it('keeps to its slots again once what hung has ended', async () => {
    const { clock, begun, settle } = setUp(100);
    await clock.advance(500);
    for (const slot of begun.slice(0, 11)) slot.resolve();
    await settle();
    expect(begun).toHaveLength(43);
  });

  it('does not begin what was taken back', async () => {
    const { clock, begun, cancels } = setUp(34);
    cancels[33]?.();
    await clock.advance(60_000);
    expect(begun).toHaveLength(33);
  });
});
