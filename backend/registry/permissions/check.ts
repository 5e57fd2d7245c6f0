import { z } from 'zod';
import type { Cluster } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import { hasReason } from '../../spokes/kubernetes-error.ts';
import type { AccessAttributes, AccessReview } from '../../spokes/kubernetes.ts';
import type { Spokes } from '../../spokes/spokes.ts';
import type { CallLimits, SpokeTarget } from '../../spokes/transport.ts';
import { type CnfPrefix, CNF_NAMESPACES, cnfPrefixesOf } from '../discovery/cnf.ts';
import { GPU_NAMESPACES, NEEDS, type Need, NeededFor, execNamespacesOf } from './needs.ts';

/** One verb on one kind of object, or on a path. */
export const CheckedPermission = z.strictObject({
  needed_for: NeededFor,
  verb: z.string(),
  /** Empty = the core group. */
  group: z.string(),
  /** A kind of objects such as `pods/log`, or a path such as `/readyz`. */
  resource: z.string(),
  /** Null = all objects. */
  name: z.string().nullable(),
  /** Null = the whole cluster. */
  namespace: z.string().nullable(),
  /** Null = the API server could not or would not say. */
  allowed: z.boolean().nullable(),
  reason: z.string().nullable(),
});
export type CheckedPermission = z.infer<typeof CheckedPermission>;

export const PermissionCheck = z.strictObject({
  /** Who the API server takes us for; null = it does not tell (before Kubernetes 1.28). */
  identity: z.string().nullable(),
  /** Only of what is installed there and switched on; in the order of what it is needed for. */
  permissions: z.array(CheckedPermission),
  checked_at: z.iso.datetime(),
});
export type PermissionCheck = z.infer<typeof PermissionCheck>;

/** Namespaces with pods to run commands in that are asked about. */
const MOST_EXEC_NAMESPACES = 32;
const AT_A_TIME = 8;
const TIMEOUT_MS = 15_000;

/**
 * Asks a cluster's API server what the stored credentials allow, one SelfSubjectAccessReview for each verb that the platform
 * needs; for commands in pods one for each namespace where they would be run. Throws the spoke's error when the API server does not
 * answer or does not take the credentials.
 */
export async function checkPermissions(
  cluster: Cluster,
  {
    spokes,
    clock,
    cnfPrefixes = cnfPrefixesOf(CNF_NAMESPACES),
  }: { spokes: Pick<Spokes, 'target' | 'kubernetes'>; clock: Clock; cnfPrefixes?: readonly CnfPrefix[] },
  signal?: AbortSignal,
): Promise<PermissionCheck> {
  const untilMs = clock.monotonicMs() + TIMEOUT_MS;
  const limits = (): CallLimits => ({
    timeoutMs: Math.max(1, untilMs - clock.monotonicMs()),
    ...(signal ? { signal } : {}),
  });
  const target = await spokes.target(cluster, 'API');
  if (!target) throw new AppError('CLUSTER_UNREACHABLE', `${cluster.name} has no API server URL.`);
  const offered = new Set((await spokes.kubernetes.groups(target, limits())).map(({ name }) => name));
  const execIn = cluster.exec_enabled ? await execNamespaces(spokes, target, cnfPrefixes, limits()) : [];
  const wanted = NEEDS.filter((need) => 'path' in need || offered.has(need.group)).flatMap((need) =>
    ('namespaced' in need ? execIn : [null]).flatMap((namespace) =>
      need.verbs.map((verb) => ({ need, verb, namespace })),
    ),
  );
  const identity = await identityOf(spokes, target, limits());
  const permissions: CheckedPermission[] = [];
  const queue = wanted.entries();
  await Promise.all(
    Array.from({ length: AT_A_TIME }, async () => {
      for (const [index, { need, verb, namespace }] of queue) {
        const answer = await ask(spokes, target, attributesOf(need, verb, namespace), limits());
        permissions[index] = { ...describe(need, verb), namespace, ...answer };
      }
    }),
  );
  return { identity, permissions, checked_at: clock.now().toISOString() };
}

/** Those of the cluster; where it does not list them, the GPU operator's usual ones. */
async function execNamespaces(
  { kubernetes }: Pick<Spokes, 'kubernetes'>,
  target: SpokeTarget,
  prefixes: readonly CnfPrefix[],
  limits: CallLimits,
): Promise<readonly string[]> {
  try {
    return execNamespacesOf(await kubernetes.namespaces(target, limits), prefixes).slice(0, MOST_EXEC_NAMESPACES);
  } catch (error) {
    if (hasReason(error, 'FORBIDDEN')) return GPU_NAMESPACES;
    throw error;
  }
}

async function identityOf(
  { kubernetes }: Pick<Spokes, 'kubernetes'>,
  target: SpokeTarget,
  limits: CallLimits,
): Promise<string | null> {
  try {
    return (await kubernetes.selfSubjectReview(target, limits)).username.slice(0, 300);
  } catch (error) {
    if (hasReason(error, 'NOT_FOUND') || hasReason(error, 'FORBIDDEN')) return null;
    throw error;
  }
}

async function ask(
  { kubernetes }: Pick<Spokes, 'kubernetes'>,
  target: SpokeTarget,
  attributes: AccessAttributes,
  limits: CallLimits,
): Promise<Pick<CheckedPermission, 'allowed' | 'reason'>> {
  try {
    return verdict(await kubernetes.selfSubjectAccessReview(target, attributes, limits));
  } catch (error) {
    limits.signal?.throwIfAborted();
    if (!(error instanceof AppError)) throw error;
    return { allowed: null, reason: error.message.slice(0, 300) };
  }
}

/** A no after rules that could not all be looked at is no answer. */
function verdict({ allowed, reason, evaluationError }: AccessReview): Pick<CheckedPermission, 'allowed' | 'reason'> {
  if (allowed) return { allowed: true, reason: null };
  if (evaluationError !== undefined) return { allowed: null, reason: evaluationError.slice(0, 300) };
  return { allowed: false, reason: reason === '' ? null : reason.slice(0, 300) };
}

function describe(need: Need, verb: string): Omit<CheckedPermission, 'allowed' | 'reason' | 'namespace'> {
  if ('path' in need) return { needed_for: need.for, verb, group: '', resource: need.path, name: null };
  return { needed_for: need.for, verb, group: need.group, resource: need.resource, name: need.name ?? null };
}

function attributesOf(need: Need, verb: string, namespace: string | null): AccessAttributes {
  if ('path' in need) return { verb, path: need.path };
  const [resource = '', subresource] = need.resource.split('/');
  return {
    verb,
    group: need.group,
    resource,
    ...(subresource === undefined ? {} : { subresource }),
    ...(need.name === undefined ? {} : { name: need.name }),
    ...(namespace === null ? {} : { namespace }),
  };
}
