import { z } from 'zod';
import { quoteForeign } from '../../model/errors.ts';
import type { EventType, KubernetesEvent } from '../../model/workload.ts';

const time = z.string().nullish();
const reference = z.object({
  kind: z.string().optional(),
  namespace: z.string().optional(),
  name: z.string().optional(),
});

/** An event of core/v1 or of events.k8s.io/v1; they are two faces of the same stored object (wire.md 5.1). */
export const EventObject = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string().optional(),
    uid: z.string().optional(),
    creationTimestamp: time,
  }),
  involvedObject: reference.optional(),
  regarding: reference.optional(),
  type: z.string().nullish(),
  reason: z.string().nullish(),
  message: z.string().nullish(),
  note: z.string().nullish(),
  count: z.int().nullish(),
  deprecatedCount: z.int().nullish(),
  firstTimestamp: time,
  lastTimestamp: time,
  deprecatedFirstTimestamp: time,
  deprecatedLastTimestamp: time,
  eventTime: time,
  series: z.object({ count: z.int().nullish(), lastObservedTime: time }).nullish(),
  source: z.object({ component: z.string().optional(), host: z.string().optional() }).nullish(),
  deprecatedSource: z.object({ component: z.string().optional(), host: z.string().optional() }).nullish(),
  reportingComponent: z.string().nullish(),
  reportingController: z.string().nullish(),
});
export type EventObject = z.infer<typeof EventObject>;

const MAX_MESSAGE = 500;

/**
 * When it happened last: lastTimestamp, else the series' last observation, else eventTime, else the creation, because each of
 * them may be null (wire.md 5.1). Undefined when none of them is a time.
 */
export function eventOf(object: EventObject, cluster: string): KubernetesEvent | undefined {
  const last = firstTime(
    object.lastTimestamp ?? object.deprecatedLastTimestamp,
    object.series?.lastObservedTime,
    object.eventTime,
    object.metadata.creationTimestamp,
  );
  if (last === undefined) return undefined;
  const first = firstTime(
    object.firstTimestamp ?? object.deprecatedFirstTimestamp,
    object.eventTime,
    object.metadata.creationTimestamp,
  );
  const about = object.involvedObject ?? object.regarding ?? {};
  return {
    cluster,
    type: typeOf(object.type),
    reason: plain(object.reason ?? '', 100),
    message: plain(object.message ?? object.note ?? '', MAX_MESSAGE),
    object: {
      kind: plain(about.kind ?? '', 100),
      namespace: about.namespace ?? null,
      name: plain(about.name ?? '', 253),
    },
    count: Math.max(1, object.series?.count ?? object.count ?? object.deprecatedCount ?? 1),
    first_at: first !== undefined && first < last ? first : last,
    last_at: last,
    source: plain(
      object.reportingComponent ||
        object.reportingController ||
        object.source?.component ||
        object.deprecatedSource?.component ||
        '',
      100,
    ),
  };
}

/** Events that say the same of the same object become one: counts add up, the time spans join. Newest first. */
export function joinEvents(events: readonly KubernetesEvent[]): KubernetesEvent[] {
  const joined = new Map<string, KubernetesEvent>();
  for (const event of events) {
    const key = JSON.stringify([event.cluster, event.object, event.type, event.reason, event.message]);
    const known = joined.get(key);
    joined.set(
      key,
      known
        ? {
            ...known,
            count: known.count + event.count,
            first_at: known.first_at < event.first_at ? known.first_at : event.first_at,
            last_at: known.last_at > event.last_at ? known.last_at : event.last_at,
          }
        : event,
    );
  }
  return [...joined.values()].sort(byTime);
}

/** Newest first; what happened at the same moment by cluster, object, reason and message. */
export function byTime(a: KubernetesEvent, b: KubernetesEvent): number {
  return a.last_at === b.last_at ? compare(placeIn(a), placeIn(b)) : compare(b.last_at, a.last_at);
}

/** The place of an event among those of the same moment. */
export function placeIn({ cluster, object, reason, message }: KubernetesEvent): string {
  return JSON.stringify([cluster, object.namespace, object.kind, object.name, reason, message]);
}

export interface EventFilter {
  readonly type?: EventType | undefined;
  readonly reason?: string | undefined;
  /** Part of the name of the object. */
  readonly object?: string | undefined;
  readonly kind?: string | undefined;
  /** Unix milliseconds: what last happened before is left out. */
  readonly sinceMs?: number | undefined;
}

export function fits(event: KubernetesEvent, { type, reason, object, kind, sinceMs }: EventFilter): boolean {
  return (
    (type === undefined || event.type === type) &&
    (reason === undefined || event.reason.toLowerCase() === reason.toLowerCase()) &&
    (object === undefined || event.object.name.includes(object)) &&
    (kind === undefined || event.object.kind.toLowerCase() === kind.toLowerCase()) &&
    (sinceMs === undefined || Date.parse(event.last_at) >= sinceMs)
  );
}

function firstTime(...times: readonly (string | null | undefined)[]): string | undefined {
  for (const text of times) {
    const ms = Date.parse(text ?? '');
    if (!Number.isNaN(ms)) return new Date(ms).toISOString();
  }
  return undefined;
}

function typeOf(type: string | null | undefined): EventType {
  if (type === 'Warning') return 'WARNING';
  return type === 'Normal' ? 'NORMAL' : 'OTHER';
}

function plain(text: string, max: number): string {
  const quoted: unknown = JSON.parse(quoteForeign(text, max));
  return String(quoted);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
