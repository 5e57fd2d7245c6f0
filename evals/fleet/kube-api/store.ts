import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Kind } from './kinds.ts';

export const KubeObject = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
    resourceVersion: z.string().optional(),
    creationTimestamp: z.string().optional(),
  }),
});
export type KubeObject = z.infer<typeof KubeObject>;

export interface Change {
  readonly resourceVersion: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

/** Objects of one cluster as etcd has them: every write has its own revision, and the history ends somewhere. */
export interface ObjectStore {
  /** The newest revision. */
  revision(): number;
  /** Ordered by namespace, then name. */
  list(kind: Kind, namespace?: string): KubeObject[];
  get(kind: Kind, name: string, namespace?: string): KubeObject | undefined;
  /** Creates or replaces; writing what is there already is no change. Returns what is there now. */
  put(kind: Kind, object: KubeObject): KubeObject;
  remove(kind: Kind, name: string, namespace?: string): KubeObject | undefined;
  /** Changes after a revision, oldest first; undefined when that part of the history is gone. */
  changesSince(kind: Kind, revision: number): Change[] | undefined;
  /** Forgets the history, as etcd's compaction does every five minutes. Continue tokens from before expire too. */
  compact(): void;
  isForgotten(revision: number): boolean;
  subscribe(kind: Kind, listener: (change: Change) => void): () => void;
}

const HISTORY = 5000;

export function createObjectStore(createdAt: Date): ObjectStore {
  let revision = 184_467;
  let forgotten = revision;
  const objects = new Map<Kind, Map<string, KubeObject>>();
  const history: { readonly kind: Kind; readonly change: Change }[] = [];
  const listeners = new Map<Kind, Set<(change: Change) => void>>();
  const of = (kind: Kind) => {
    const known = objects.get(kind) ?? new Map<string, KubeObject>();
    objects.set(kind, known);
    return known;
  };
  const record = (kind: Kind, type: Change['type'], object: KubeObject): void => {
    const change = { resourceVersion: revision, type, object };
    history.push({ kind, change });
    if (history.length > HISTORY) forgotten = history.shift()?.change.resourceVersion ?? forgotten;
    for (const listener of listeners.get(kind) ?? []) listener(change);
  };
  return {
    revision: () => revision,
    list: (kind, namespace) =>
      [...of(kind)]
        .filter(([, object]) => namespace === undefined || object.metadata.namespace === namespace)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, object]) => object),
    get: (kind, name, namespace) => of(kind).get(keyOf(name, namespace)),
    put: (kind, object) => {
      const { name, namespace } = object.metadata;
      const key = keyOf(name, namespace);
      const before = of(kind).get(key);
      if (before && sameBut(before, object)) return before;
      revision += 1;
      const stored = {
        ...object,
        metadata: {
          ...object.metadata,
          uid: uidOf(kind.resource, key),
          creationTimestamp:
            before?.metadata.creationTimestamp ?? object.metadata.creationTimestamp ?? timestamp(createdAt),
          resourceVersion: String(revision),
        },
      };
      of(kind).set(key, stored);
      record(kind, before ? 'MODIFIED' : 'ADDED', stored);
      return stored;
    },
    remove: (kind, name, namespace) => {
      const gone = of(kind).get(keyOf(name, namespace));
      if (!gone) return undefined;
      of(kind).delete(keyOf(name, namespace));
      revision += 1;
      const last = { ...gone, metadata: { ...gone.metadata, resourceVersion: String(revision) } };
      record(kind, 'DELETED', last);
      return last;
    },
    changesSince: (kind, since) =>
      since < forgotten
        ? undefined
        : history.flatMap((entry) =>
            entry.kind === kind && entry.change.resourceVersion > since ? [entry.change] : [],
          ),
    compact: () => {
      revision += 1;
      forgotten = revision;
      history.length = 0;
    },
    isForgotten: (since) => since < forgotten,
    subscribe: (kind, listener) => {
      const all = listeners.get(kind) ?? new Set();
      listeners.set(kind, all.add(listener));
      return () => void all.delete(listener);
    },
  };
}

/** Sorts by namespace, then name: neither may hold the separator. */
export function keyOf(name: string, namespace = ''): string {
  return `${namespace}\0${name}`;
}

/** As Kubernetes writes times: whole seconds, UTC. */
export function timestamp(at: Date): string {
  return at.toISOString().replace(/\.\d+Z$/, 'Z');
}

function sameBut(before: KubeObject, after: KubeObject): boolean {
  const { uid: _uid, resourceVersion: _version, creationTimestamp: _created, ...metadata } = before.metadata;
  const { uid: _newUid, resourceVersion: _newVersion, creationTimestamp: _newCreated, ...newMetadata } = after.metadata;
  return canonical({ ...before, metadata }) === canonical({ ...after, metadata: newMetadata });
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** A UUID that depends on the object's place only. */
function uidOf(resource: string, key: string): string {
  const hex = createHash('sha256').update(`${resource}\0${key}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
