import type { FanoutAnswer } from './fanout.ts';

/** A query that is wrong is the caller's error and not the fleet's, so it is not dressed up as failed clusters. */
export function throwWhenRefusedByAll<T>({ errors, values }: FanoutAnswer<T>): void {
  const all = [...errors.values()];
  const [first] = all;
  if (first && values.size === 0 && all.every(({ code }) => code === first.code && /^INVALID_\w+QL$/.test(code)))
    throw first;
}
