import { AppError } from '../../model/errors.ts';

/** What was looked up in a cluster, or why it could not be. */
export type Lookup<T> = { readonly known: T } | { readonly unknown: string };

export function known<T>(value: T): Lookup<T> {
  return { known: value };
}

export function isKnown<T>(lookup: Lookup<T>): lookup is { readonly known: T } {
  return 'known' in lookup;
}

export function mapLookup<T, R>(lookup: Lookup<T>, map: (value: T) => R): Lookup<R> {
  return isKnown(lookup) ? known(map(lookup.known)) : lookup;
}

/** Whether any of several signs is there: one that is seen settles it; without one, a sign that could not be looked up leaves it open. */
export function anyOf(...signs: readonly Lookup<boolean>[]): Lookup<boolean> {
  if (signs.some((sign) => isKnown(sign) && sign.known)) return known(true);
  return signs.find((sign) => !isKnown(sign)) ?? known(false);
}

/** Why `what` (such as `list nodes`) could not be done, as one clause without a full stop. */
export function reasonOf(what: string, error: unknown): string {
  // That is our own trouble, and says nothing of the cluster.
  if (!(error instanceof AppError) || error.code === 'STORE_UNAVAILABLE') throw error;
  if (error.details['reason'] === 'FORBIDDEN') return `the credentials do not allow it to ${what}`;
  if (error.details['reason'] === 'UNAUTHORIZED') return `the credentials were not accepted (${what})`;
  return `${what}: ${error.message.replace(/\.$/, '')}`.slice(0, 300);
}
