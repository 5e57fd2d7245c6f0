import { describe, expect, it } from 'vitest';
import { untilAborted } from './until-aborted.ts';

const reason = new Error('gone');

describe('a stream until it is aborted', () => {
  it('is left in the middle even when it hangs', async () => {
    async function* deaf() {
      yield 1;
      await new Promise(() => undefined);
    }
    const controller = new AbortController();
    const seen: number[] = [];
    const run = (async () => {
      for await (const item of untilAborted(deaf(), controller.signal)) seen.push(item);
    })();
    await expect.poll(() => seen).toEqual([1]);
    controller.abort(reason);
    await expect(run).rejects.toBe(reason);
  });

  it('is closed when its reader stops early', async () => {
    let closed = false;
    async function* endless() {
      try {
        for (;;) yield 1;
      } finally {
        closed = true;
      }
    }
    for await (const item of untilAborted(endless(), new AbortController().signal)) {
      expect(item).toBe(1);
      break;
    }
    await expect.poll(() => closed).toBe(true);
  });
});
