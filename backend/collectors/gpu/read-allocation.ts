import type { z } from 'zod';
import { AppError } from '../../model/errors.ts';
import { reasonOf } from '../../registry/discovery/lookup.ts';
import { ResourceSlice } from '../../registry/discovery/objects.ts';
import { hasReason } from '../../spokes/kubernetes-error.ts';
import type { KubernetesClient } from '../../spokes/kubernetes.ts';
import type { CallLimits, SpokeTarget } from '../../spokes/transport.ts';
import { GpuNodeObject, GpuPodObject, ResourceClaim } from './allocation-objects.ts';
import { type OfferedNode, offeredNodes } from './allocation.ts';

export interface OfferedGpus {
  readonly nodes: readonly OfferedNode[];
  /** ISO 8601 UTC. */
  readonly readAt: string;
}

const MOST_NODES = 5_000;
const MOST_PODS = 20_000;
const MOST_OF_DRA = 10_000;
/** Versions of `resource.k8s.io`, newest first. */
const DRA_VERSIONS = ['v1', 'v1beta2', 'v1beta1'] as const;

type Lists = Pick<KubernetesClient, 'list'>;

/**
 * GPUs as the API server has them. Pods are read only where there are GPUs to ask for. Throws when nodes cannot be read; what else
 * cannot be is a warning, and unknown in the answer.
 */
export async function readOffered(
  kubernetes: Lists,
  target: SpokeTarget,
  limits: CallLimits,
  now: () => Date,
): Promise<{ value: OfferedGpus; warnings: string[] }> {
  const warnings: string[] = [];
  async function attempt<T>(what: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (thrown) {
      limits.signal?.throwIfAborted();
      if (!(thrown instanceof AppError)) throw thrown;
      warnings.push(`${reasonOf(what, thrown)}.`);
      return undefined;
    }
  }
  const readAt = now().toISOString();
  const nodes = await kubernetes.list(target, {
    group: '',
    version: 'v1',
    resource: 'nodes',
    item: GpuNodeObject,
    limit: MOST_NODES,
    ...limits,
  });
  if (nodes.truncated) warnings.push(`It has more than ${MOST_NODES} nodes; those after the first are left out.`);
  const slices =
    (await attempt('list resourceslices', () => ofDra(kubernetes, target, 'resourceslices', ResourceSlice, limits))) ??
    [];
  const bare = { nodes: nodes.items, slices, pods: [], claims: [] };
  if (offeredNodes(bare).length === 0) return { value: { nodes: [], readAt }, warnings };
  // Devices of DRA stand on nodes of their own kind, so where the device plugin shows GPUs their absence is no gap.
  warnings.splice(0);

  const [pods, claims] = await Promise.all([
    attempt('list pods', () =>
      kubernetes.list(target, {
        group: '',
        version: 'v1',
        resource: 'pods',
        item: GpuPodObject,
        limit: MOST_PODS,
        // What has ended holds nothing.
        fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed',
        ...limits,
      }),
    ),
    slices.length === 0
      ? []
      : attempt('list resourceclaims', () => ofDra(kubernetes, target, 'resourceclaims', ResourceClaim, limits)),
  ]);
  if (pods?.truncated) warnings.push(`It has more than ${MOST_PODS} pods, so what they ask for is not known.`);
  const known = pods?.truncated === true ? undefined : pods?.items;
  return { value: { nodes: offeredNodes({ nodes: nodes.items, slices, pods: known, claims }), readAt }, warnings };
}

/** Empty where the cluster knows nothing of dynamic resource allocation. */
async function ofDra<T>(
  kubernetes: Lists,
  target: SpokeTarget,
  resource: string,
  item: z.ZodType<T>,
  limits: CallLimits,
): Promise<readonly T[]> {
  for (const version of DRA_VERSIONS) {
    try {
      const list = await kubernetes.list(target, {
        group: 'resource.k8s.io',
        version,
        resource,
        item,
        limit: MOST_OF_DRA,
        ...limits,
      });
      return list.items;
    } catch (thrown) {
      if (!hasReason(thrown, 'NOT_FOUND')) throw thrown;
    }
  }
  return [];
}
