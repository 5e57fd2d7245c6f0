import { orAborted } from '../../backend/platform/abort.ts';

/** The items of a stream until it ends or the signal aborts; then the signal's reason is thrown, even if the stream hangs. */
export async function* untilAborted<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  let finished = false;
  try {
    for (;;) {
      const next = await orAborted(iterator.next(), signal);
      if (next.done === true) {
        finished = true;
        return;
      }
      yield next.value;
    }
  } finally {
    // Not awaited: a stream that hangs in next() would hang in return() too. What it throws while dying was reported above.
    if (!finished) iterator.return?.(undefined)?.catch(() => undefined);
  }
}
