import { z } from 'zod';
import type { Cluster, ClusterCreate, ClusterCredentials, ClusterUpdate } from '../../model/cluster.ts';
import { changedFields } from '../cluster-change.ts';
import type { SourcedCluster } from '../registry.ts';

/** A cluster as its source wants it registered. */
export interface Wanted {
  /** The source's own key: context, entry of the file, or hub and ManagedCluster. */
  readonly source_key: string;
  readonly input: ClusterCreate;
  /** What the source decides about one that is registered already; the rest is the operator's. */
  readonly patch: (registered: Cluster) => ClusterUpdate;
  /** Given once, when it is added. */
  readonly credentials?: ClusterCredentials;
  /** Kept in step; the file that holds them. */
  readonly credentials_file?: string;
  /** Something to say about it, such as that its hub cannot reach it. */
  readonly remark?: string;
}

/** What the source has and cannot be registered. It is neither added nor, if it is registered, taken away. */
export interface Unusable {
  readonly source_key: string;
  readonly reason: string;
}

export interface SourceState {
  readonly wanted: readonly Wanted[];
  readonly unusable: readonly Unusable[];
}

export const ImportStep = z.strictObject({
  action: z.enum(['ADD', 'UPDATE', 'UNCHANGED', 'REMOVE', 'SKIP', 'FAILED']),
  /** Name in the fleet; null when it has none yet. */
  cluster_name: z.string().nullable(),
  source_key: z.string(),
  /** Fields that change, or why it is skipped or failed. */
  detail: z.string().nullable(),
});
export type ImportStep = z.infer<typeof ImportStep>;

export type Planned =
  | { readonly step: ImportStep; readonly add: Wanted }
  | {
      readonly step: ImportStep;
      /** Without a patch only its credentials are kept in step. */
      readonly update: {
        readonly id: string;
        readonly patch?: ClusterUpdate;
        readonly credentials_file?: string | undefined;
      };
    }
  | { readonly step: ImportStep; readonly remove: string }
  | { readonly step: ImportStep };

/**
 * Pure. What is to be done so that the fleet has what the source has, in the order of the source, removals last. `registered`
 * are those that came from this source before; with `keep`, those that are gone from it stay. A cluster that the fleet has
 * from elsewhere, by name or by API server, is left alone.
 */
export function planImport(
  { wanted, unusable }: SourceState,
  { registered, fleet, keep }: { registered: readonly SourcedCluster[]; fleet: readonly Cluster[]; keep: boolean },
): Planned[] {
  const known = new Map(registered.map(({ cluster, source_key }) => [source_key ?? cluster.name, cluster]));
  const names = new Map(fleet.map((cluster) => [cluster.name, cluster]));
  const urls = new Map(fleet.map((cluster) => [cluster.api_server_url, cluster]));
  const taken = new Set<string>();
  const planned = wanted.map((one): Planned => {
    const cluster = known.get(one.source_key);
    if (cluster) return change(one, cluster);
    const { name, api_server_url } = one.input;
    const other = names.get(name) ?? urls.get(api_server_url);
    if (other) return { step: skip(one.source_key, `the fleet has it as ${other.name}`) };
    if (taken.has(name)) return { step: skip(one.source_key, `another one would be named ${name} too`) };
    taken.add(name);
    return { step: step('ADD', name, one.source_key, one.remark ?? null), add: one };
  });
  const still = new Set([...wanted, ...unusable].map(({ source_key }) => source_key));
  const gone = keep ? [] : [...known].filter(([key]) => !still.has(key));
  return [
    ...planned,
    ...unusable.map(({ source_key, reason }) => ({ step: skip(source_key, reason) })),
    ...gone.map(([key, { id, name }]) => ({
      step: step('REMOVE', name, key, 'its source does not have it any more'),
      remove: id,
    })),
  ];
}

function change(one: Wanted, cluster: Cluster): Planned {
  const patch = one.patch(cluster);
  const fields = changedFields(cluster, patch);
  const remark = one.remark ?? null;
  const { credentials_file } = one;
  if (fields.length === 0) {
    const unchanged = step('UNCHANGED', cluster.name, one.source_key, remark);
    return credentials_file === undefined
      ? { step: unchanged }
      : { step: unchanged, update: { id: cluster.id, credentials_file } };
  }
  const detail = [fields.join(', '), ...(remark === null ? [] : [remark])].join('; ');
  return {
    step: step('UPDATE', cluster.name, one.source_key, detail),
    update: { id: cluster.id, patch, credentials_file },
  };
}

function skip(source_key: string, reason: string): ImportStep {
  return step('SKIP', null, source_key, reason);
}

function step(
  action: ImportStep['action'],
  cluster_name: string | null,
  source_key: string,
  detail: string | null,
): ImportStep {
  return { action, cluster_name, source_key: source_key.slice(0, 300), detail };
}

/** A name that keeps our rule, made from any text; undefined when too little of it is left. */
export function nameFrom(text: string): string | undefined {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, '');
  return name.length < 3 ? undefined : name;
}
