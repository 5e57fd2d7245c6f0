import type { ApiFailure } from './api/failure.ts';

/**
 * Something that is fetched. A failure never erases what was fetched before: `ready` then carries the failure of the last
 * refresh, and the page says how old the value is. `failed` is only for never having had a value.
 */
export type Loadable<T> =
  | { readonly status: 'loading' }
  | { readonly status: 'ready'; readonly value: T; readonly at: number; readonly failure: ApiFailure | undefined }
  | { readonly status: 'failed'; readonly failure: ApiFailure };

export const LOADING: Loadable<never> = { status: 'loading' };

export function ready<T>(value: T, at: number): Loadable<T> {
  return { status: 'ready', value, at, failure: undefined };
}

/** What remains of `previous` after a refresh that failed. */
export function refreshFailed<T>(previous: Loadable<T>, failure: ApiFailure): Loadable<T> {
  return previous.status === 'ready' ? { ...previous, failure } : { status: 'failed', failure };
}

export function valueOf<T>(loadable: Loadable<T>): T | undefined {
  return loadable.status === 'ready' ? loadable.value : undefined;
}
