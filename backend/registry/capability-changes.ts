import { isDeepStrictEqual } from 'node:util';
import type { Cluster } from '../model/cluster.ts';

/** What a cluster is known to be able to do and to be. */
export type Abilities = Pick<Cluster, 'capabilities' | 'openshift' | 'platform' | 'platform_version'>;

/**
 * The payload of CLUSTER_CAPABILITIES_CHANGED. `added` and `removed` name what is there now and was not seen before, and what
 * was there and is gone. `changed` has every other difference, old and new: counts, lists, versions, and what became known or
 * stopped being known. Fields of OpenShift's own view stand as `openshift.<field>`.
 */
export interface CapabilityChanges {
  readonly added: string[];
  readonly removed: string[];
  readonly changed: Record<string, { readonly old: unknown; readonly new: unknown }>;
}

/** When it was looked at, and why something is unknown, is no change of the cluster. */
const ABOUT_THE_LOOK: ReadonlySet<string> = new Set(['discovered_at', 'unknown', 'openshift.observed_at']);

/** Undefined when nothing differs. Names are in alphabetical order. */
export function capabilityChanges(before: Abilities, after: Abilities): CapabilityChanges | undefined {
  const [old, now] = [flat(before), flat(after)];
  const fields = [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((field) => !ABOUT_THE_LOOK.has(field))
    .sort();
  const changes: CapabilityChanges = { added: [], removed: [], changed: {} };
  for (const field of fields) {
    const [was, is] = [old[field] ?? null, now[field] ?? null];
    if (isDeepStrictEqual(was, is)) continue;
    if (is === true) changes.added.push(field);
    else if (was === true && is === false) changes.removed.push(field);
    else changes.changed[field] = { old: was, new: is };
  }
  const none = changes.added.length === 0 && changes.removed.length === 0 && Object.keys(changes.changed).length === 0;
  return none ? undefined : changes;
}

function flat({ capabilities, openshift, platform, platform_version }: Abilities): Record<string, unknown> {
  const ofOpenShift = Object.entries(openshift ?? {}).map(([field, value]) => [`openshift.${field}`, value] as const);
  return { ...capabilities, ...Object.fromEntries(ofOpenShift), platform, platform_version };
}
