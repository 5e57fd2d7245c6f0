import pLimit from 'p-limit';
import { AppError } from '../../model/errors.ts';
import type { KubernetesEvent } from '../../model/workload.ts';
import { hasReason } from '../../spokes/kubernetes-error.ts';
import type { KubernetesClient } from '../../spokes/kubernetes.ts';
import type { CallLimits, SpokeTarget } from '../../spokes/transport.ts';
import type { Need, Snapshot } from './analyzer.ts';
import { EventObject, eventOf, joinEvents } from './events.ts';
import { KINDS, type KindName } from './kinds.ts';

/** Most objects of one kind that are read of a cluster. */
const MOST_OBJECTS: Partial<Record<KindName, number>> = { pods: 10_000, configmaps: 20_000, secrets: 20_000 };
const MOST_OF_OTHERS = 5_000;
export const MOST_EVENTS = 5_000;
const LISTS_AT_A_TIME = 4;
/** One list that hangs leaves this part of the time to say what the others show. */
const SHARE_OF_TIME = 0.8;

type Lists = Pick<KubernetesClient, 'list'>;

export interface Read {
  readonly snapshot: Snapshot;
  /** Why a kind is not in the snapshot. */
  readonly unread: ReadonlyMap<Need, { readonly why: string; readonly isForbidden: boolean }>;
}

/**
 * What there is of these kinds in a cluster, or in one namespace of it. A kind that the server does not know has no objects. Throws
 * when nothing at all could be read.
 */
export async function readCluster(
  kubernetes: Lists,
  target: SpokeTarget,
  wanted: {
    readonly needs: ReadonlySet<Need>;
    readonly namespace?: string | undefined;
    readonly cluster: string;
    readonly nowMs: number;
  },
  limits: CallLimits,
): Promise<Read> {
  const objects: Record<string, readonly unknown[]> = {};
  const truncated = new Set<Need>();
  const unread = new Map<Need, { why: string; isForbidden: boolean }>();
  const errors: unknown[] = [];
  const places = pLimit(LISTS_AT_A_TIME);
  const time = { ...limits, timeoutMs: limits.timeoutMs * SHARE_OF_TIME };
  let events: KubernetesEvent[] | undefined;

  const attempt = async (need: Need, read: () => Promise<{ isCut: boolean }>): Promise<void> => {
    try {
      if ((await read()).isCut) truncated.add(need);
    } catch (thrown) {
      limits.signal?.throwIfAborted();
      errors.push(thrown);
      unread.set(need, reasonFor(need, thrown));
    }
  };
  await Promise.all(
    [...wanted.needs].map((need) =>
      places(() =>
        attempt(need, async () => {
          if (need === 'events') {
            const found = await readEvents(kubernetes, target, { ...wanted, warningsOnly: true }, time);
            events = found.events;
            return { isCut: found.isCut };
          }
          const list = await readKind(kubernetes, target, need, wanted.namespace, time);
          objects[need] = list.items;
          return { isCut: list.truncated };
        }),
      ),
    ),
  );
  if (errors.length > 0 && errors.length === wanted.needs.size) throw errors[0];
  // Proof of the cast: each kind was parsed by its own schema in KINDS, which is what ObjectOf is inferred from.
  const read = objects as Snapshot['objects'];
  return { snapshot: { nowMs: wanted.nowMs, objects: read, truncated, ...(events ? { events } : {}) }, unread };
}

async function readKind(
  kubernetes: Lists,
  target: SpokeTarget,
  name: KindName,
  namespace: string | undefined,
  limits: CallLimits,
): Promise<{ items: readonly unknown[]; truncated: boolean }> {
  const kind = KINDS[name];
  try {
    return await kubernetes.list<unknown>(target, {
      group: kind.group,
      version: kind.version,
      resource: kind.resource,
      item: kind.item,
      limit: MOST_OBJECTS[name] ?? MOST_OF_OTHERS,
      ...(kind.metadataOnly === true ? { metadataOnly: true } : {}),
      ...(kind.namespaced && namespace !== undefined ? { namespace } : {}),
      ...limits,
    });
  } catch (thrown) {
    if (hasReason(thrown, 'NOT_FOUND')) return { items: [], truncated: false };
    throw thrown;
  }
}

/** Joined, newest first. Asks core/v1 and, where that group's events may not be read, events.k8s.io/v1: they are the same objects. */
export async function readEvents(
  kubernetes: Lists,
  target: SpokeTarget,
  wanted: { readonly namespace?: string | undefined; readonly cluster: string; readonly warningsOnly: boolean },
  limits: CallLimits,
): Promise<{ events: KubernetesEvent[]; isCut: boolean }> {
  const ask = (group: string) =>
    kubernetes.list(target, {
      group,
      version: 'v1',
      resource: 'events',
      item: EventObject,
      limit: MOST_EVENTS,
      ...(wanted.namespace === undefined ? {} : { namespace: wanted.namespace }),
      ...(wanted.warningsOnly ? { fieldSelector: 'type=Warning' } : {}),
      ...limits,
    });
  const list = await ask('').catch((thrown: unknown) => {
    if (hasReason(thrown, 'FORBIDDEN')) return ask('events.k8s.io').catch(() => Promise.reject(thrown));
    throw thrown;
  });
  const events = list.items.flatMap((object) => eventOf(object, wanted.cluster) ?? []);
  return { events: joinEvents(events), isCut: list.truncated };
}

function reasonFor(need: Need, thrown: unknown): { why: string; isForbidden: boolean } {
  if (hasReason(thrown, 'FORBIDDEN')) return { why: `may not list ${need}`, isForbidden: true };
  if (thrown instanceof AppError) return { why: `${need}: ${thrown.message}`, isForbidden: false };
  throw thrown;
}
