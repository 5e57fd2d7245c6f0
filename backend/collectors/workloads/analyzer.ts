import type { FindingSeverity, KubernetesEvent, ObjectRef } from '../../model/workload.ts';
import type { KindName, ObjectOf } from './kinds.ts';
import type { Selector } from './objects.ts';

/** What has been read of one cluster. Kinds that could not be read are absent; a check that needs one is not made. */
export interface Snapshot {
  readonly nowMs: number;
  readonly objects: { readonly [K in KindName]?: readonly ObjectOf<K>[] };
  /** Warnings of the last hour or so, newest first; absent = they could not be read. */
  readonly events?: readonly KubernetesEvent[];
  /** Kinds of which there are more than were read. */
  readonly truncated: ReadonlySet<Need>;
}

/** What a check finds; who it belongs to (cluster, analyzer) is added by the caller. */
export interface Draft {
  readonly severity: FindingSeverity;
  readonly reason: string;
  readonly object: ObjectRef;
  readonly message: string;
  readonly evidence: readonly { readonly path: string; readonly value: string }[];
  readonly next_step: string;
}

export type Need = KindName | 'events';

/** One deterministic check: a pure function over objects. */
export interface Check {
  /** lower-case with dashes, such as `service-without-endpoints`. */
  readonly id: string;
  /**
   * What has to be read for the check to mean anything: first what it goes through, of which a part will do, then what it looks
   * things up in, which has to be there whole: in half a list everything could be missing.
   */
  readonly needs: readonly [Need, ...Need[]];
  run(snapshot: Snapshot): Draft[];
}

/** A family of checks over the same kinds. */
export interface Analyzer {
  readonly name: string;
  readonly checks: readonly Check[];
}

interface Named {
  readonly metadata: { readonly name: string; readonly namespace?: string | undefined };
}

export function refOf(kind: string, { metadata }: Named): ObjectRef {
  return { kind, namespace: metadata.namespace ?? null, name: metadata.name };
}

export function keyOf({ metadata }: Named): string {
  return placeOf(metadata.namespace, metadata.name);
}

export function placeOf(namespace: string | null | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

/** Places of everything of one kind, for looking up what is referred to. */
export function placesOf(objects: readonly Named[] = []): ReadonlySet<string> {
  return new Set(objects.map(keyOf));
}

/** Whether labels fit a selector (apimachinery, labels.Selector). An empty selector fits everything. */
export function selects(selector: Selector, labels: Readonly<Record<string, string>>): boolean {
  return (
    Object.entries(selector.matchLabels).every(([key, value]) => labels[key] === value) &&
    selector.matchExpressions.every(({ key, operator, values }) => {
      const value = labels[key];
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value);
        case 'NotIn':
          return value === undefined || !values.includes(value);
        case 'Exists':
          return value !== undefined;
        case 'DoesNotExist':
          return value === undefined;
        default:
          return true; // an operator of a later version: no ground to say that it does not fit
      }
    })
  );
}

/** Seconds since a time of the API, 0 when it is missing or no time. */
export function ageSeconds(time: string | null | undefined, nowMs: number): number {
  const at = Date.parse(time ?? '');
  return Number.isNaN(at) ? 0 : Math.max(0, (nowMs - at) / 1000);
}

/** `2 h 5 min`, for sentences. */
export function span(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return `${Math.floor(seconds)} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

/** The condition of a type, when it has one of the statuses. */
export function conditionOf<C extends { readonly type: string; readonly status: string }>(
  conditions: readonly C[],
  type: string,
  status: string,
): C | undefined {
  return conditions.find((condition) => condition.type === type && condition.status === status);
}
