import { z } from 'zod';
import { AppError, asAppError } from '../../model/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import type { KubernetesClient } from '../../spokes/kubernetes-api.ts';
import type { SpokeTarget } from '../../spokes/transport.ts';
import type { Revision, SealedStore } from './sealed-store.ts';

const SECRETS = { group: '', version: 'v1', resource: 'secrets' } as const;
const TIMEOUT_MS = 10_000;
/** How often a write is tried again when somebody else's came between. */
const MAX_TRIES = 6;
/** A revision that the database does not name is somebody's write under way, or was left by one that died long ago. */
const LEFTOVER_MS = 600_000;

const Secret = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  data: z.record(z.string(), z.string()).nullish(),
});

export interface SecretStoreOptions {
  readonly kubernetes: Pick<KubernetesClient, 'get' | 'create' | 'replace' | 'remove'>;
  /** The API server that keeps the Secrets, with the server's own credentials for it. */
  readonly target: () => Promise<SpokeTarget>;
  readonly namespace: string;
  /** A Secret is named by this and the cluster's id. */
  readonly prefix: string;
  readonly clock: Clock;
}

/**
 * Kubernetes Secrets, one a cluster, always by name and in one namespace: the account needs get, create, update and delete
 * there, no list, no watch and nothing cluster-wide. What is in them is sealed like in the database.
 */
export function createSecretStore(options: SecretStoreOptions): SealedStore {
  const { kubernetes, namespace, prefix, clock } = options;
  const nameOf = (clusterId: string) => `${prefix}${clusterId}`;
  const where = { ...SECRETS, namespace };
  const limits = { timeoutMs: TIMEOUT_MS };

  async function fetch(clusterId: string) {
    const target = await options.target();
    return kubernetes.get(target, { ...where, ...limits, name: nameOf(clusterId), item: Secret });
  }

  function objectOf(clusterId: string, data: Readonly<Record<string, string>>, resourceVersion?: string) {
    return {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: nameOf(clusterId),
        namespace,
        labels: {
          'app.kubernetes.io/managed-by': 'aiops-nextgen',
          'app.kubernetes.io/component': 'cluster-credentials',
        },
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
      type: 'Opaque',
      data,
    };
  }

  /** Reads, changes and writes until nobody else's write comes between. `change` gives undefined when there is nothing to do. */
  async function edit(
    clusterId: string,
    change: (data: Readonly<Record<string, string>>) => Record<string, string> | undefined,
  ): Promise<void> {
    for (let left = MAX_TRIES; ; left -= 1) {
      const known = await fetch(clusterId);
      const data = change(known?.data ?? {});
      if (!data) return;
      const object = objectOf(clusterId, data, known?.metadata.resourceVersion);
      const target = await options.target();
      try {
        if (known) await kubernetes.replace(target, { ...where, ...limits, object });
        else await kubernetes.create(target, { ...where, ...limits, object });
        return;
      } catch (error) {
        if (left <= 1 || !cameBetween(error)) throw error;
      }
    }
  }

  return {
    add: (clusterId, revision) =>
      saying(() => edit(clusterId, (data) => withRevision(data, revision, clock.now().getTime()))),
    read: (clusterId, revisionId) =>
      saying(async () => {
        const kept = (await fetch(clusterId))?.data?.[revisionId];
        return kept === undefined ? undefined : Buffer.from(kept, 'base64').toString('utf8');
      }),
    drop: (clusterId, revisionId) =>
      saying(() =>
        edit(clusterId, (data) =>
          Object.hasOwn(data, revisionId)
            ? Object.fromEntries(Object.entries(data).filter(([id]) => id !== revisionId))
            : undefined,
        ),
      ),
    erase: (clusterId) =>
      saying(async () => {
        await kubernetes.remove(await options.target(), { ...where, ...limits, name: nameOf(clusterId) });
      }),
  };
}

/** A name that a Secret's key may have, and that tells when it was made. */
export function newRevisionId(now: Date, random: string): string {
  return `r${now.getTime()}-${random}`;
}

function withRevision(
  data: Readonly<Record<string, string>>,
  { id, sealed, current }: Revision,
  nowMs: number,
): Record<string, string> {
  const stay = Object.entries(data).filter(([key]) => key === current || !isLeftover(key, nowMs));
  return { ...Object.fromEntries(stay), [id]: Buffer.from(sealed, 'utf8').toString('base64') };
}

function isLeftover(key: string, nowMs: number): boolean {
  const madeMs = Number(/^r(\d+)-/.exec(key)?.[1]);
  return Number.isFinite(madeMs) && nowMs - madeMs > LEFTOVER_MS;
}

/** Somebody else made, changed or deleted the Secret since it was read. */
function cameBetween(error: unknown): boolean {
  const reason = error instanceof AppError ? error.details['reason'] : undefined;
  return reason === 'CONFLICT' || reason === 'ALREADY_EXISTS' || reason === 'NOT_FOUND';
}

/** An API server that keeps our own Secrets is a store to whoever asks, not a spoke. */
async function saying<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (thrown) {
    const error = asAppError(thrown);
    throw new AppError(
      'STORE_UNAVAILABLE',
      `The Kubernetes Secrets that keep the credentials cannot be used: ${error.message}`,
      {
        details: { ...error.details, cause: error.code },
        hint:
          error.hint ?? 'The account of this server needs get, create, update and delete on Secrets in its namespace.',
        cause: thrown,
      },
    );
  }
}
