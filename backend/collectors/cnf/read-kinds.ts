import type { z } from 'zod';
import { AppError } from '../../model/errors.ts';
import { hasReason } from '../../spokes/kubernetes-error.ts';
import type { KubernetesClient } from '../../spokes/kubernetes.ts';
import type { CallLimits, SpokeTarget } from '../../spokes/transport.ts';
import { CNF_KINDS } from './objects.ts';

type KindName = keyof typeof CNF_KINDS;
type ItemOf<K extends KindName> = z.output<(typeof CNF_KINDS)[K]['item']>;

/** What became of one list: its objects; ABSENT = the server does not know the kind; UNREADABLE = it may exist. */
export type Kind<T> =
  | { readonly status: 'OK'; readonly items: readonly T[]; readonly isCut: boolean }
  | { readonly status: 'ABSENT' }
  | { readonly status: 'UNREADABLE'; readonly why: string; readonly isForbidden: boolean };

export type Kinds<K extends KindName> = { readonly [N in K]: Kind<ItemOf<N>> };

/** Lists several kinds of one cluster at once. Throws only when all of them failed, so that the cluster itself is what failed. */
export async function readKinds<K extends KindName>(
  kubernetes: Pick<KubernetesClient, 'list'>,
  target: SpokeTarget,
  names: readonly K[],
  limits: CallLimits,
): Promise<{ readonly kinds: Kinds<K>; readonly warnings: readonly string[] }> {
  const failures: unknown[] = [];
  const read = async (name: K): Promise<readonly [K, Kind<unknown>]> => {
    try {
      const { items, truncated } = await kubernetes.list<unknown>(target, { ...CNF_KINDS[name], ...limits });
      return [name, { status: 'OK', items, isCut: truncated }];
    } catch (thrown) {
      limits.signal?.throwIfAborted();
      if (hasReason(thrown, 'NOT_FOUND')) return [name, { status: 'ABSENT' }];
      failures.push(thrown);
      if (!(thrown instanceof AppError)) throw thrown;
      const isForbidden = hasReason(thrown, 'FORBIDDEN');
      const why = isForbidden ? `may not list ${name}` : `${name}: ${thrown.message}`;
      return [name, { status: 'UNREADABLE', why, isForbidden }];
    }
  };
  const lists = await Promise.all(names.map(read));
  if (failures.length === names.length && failures.length > 0) throw failures[0];
  const warnings = lists.flatMap(([name, list]) => {
    if (list.status === 'OK' && list.isCut) return [`Not all ${name} were read: there are too many.`];
    // What may not be read is said as a source; what failed makes the answer partial.
    return list.status === 'UNREADABLE' && !list.isForbidden ? [list.why] : [];
  });
  // Proof of the cast: every name was read once, and its items were parsed by its own schema.
  return { kinds: Object.fromEntries(lists) as Kinds<K>, warnings };
}

/** The objects, none where the kind is absent; undefined where they could not be read. */
export function itemsOf<T>(kind: Kind<T> | undefined): readonly T[] | undefined {
  if (kind === undefined || kind.status === 'UNREADABLE') return undefined;
  return kind.status === 'OK' ? kind.items : [];
}
