import { describe, expect, it } from 'vitest';
import { orAborted } from './abort.ts';

const reason = new Error('gone');

describe('work that does not notice an abort', () => {
  it('is left behind at once with the reason of the signal', async () => {
    const controller = new AbortController();
    const waiting = orAborted(new Promise(() => undefined), controller.signal);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(orAborted(new Promise(() => undefined), controller.signal)).rejects.toBe(reason);
  });

  it('gives its result or its own failure when nobody aborts', async () => {
    const { signal } = new AbortController();
    await expect(orAborted(Promise.resolve(1), signal)).resolves.toBe(1);
    await expect(orAborted(Promise.reject(reason), signal)).rejects.toBe(reason);
  });
});
