import pLimit from 'p-limit';
import { z } from 'zod';
import { AppError } from '../../model/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import { reasonOf } from '../../registry/discovery/lookup.ts';
import type { KubernetesClient } from '../../spokes/kubernetes.ts';
import type { CallLimits, SpokeTarget } from '../../spokes/transport.ts';
import type { MeasuredNode } from './dcgm.ts';
import { type KnownFields, type RunSmi, readSmi } from './nvidia-smi.ts';

const Pod = z.object({
  metadata: z.object({
    name: z.string().max(253),
    namespace: z.string().max(63).default(''),
    labels: z.record(z.string(), z.string()).nullish(),
  }),
  spec: z.object({
    nodeName: z.string().optional(),
    containers: z.array(z.object({ name: z.string().max(63) })).default([]),
  }),
  status: z.object({ phase: z.string().optional() }).optional(),
});
type Pod = z.infer<typeof Pod>;

/**
 * Pods of NVIDIA's GPU operator that have nvidia-smi, as its assets label them (NVIDIA/gpu-operator, assets/state-* and
 * manifests/state-driver). The driver's `app` carries a version on OpenShift and a hash with NVIDIADriver resources, so it is known by its
 * component; operators before that label are known by `app`.
 */
const SELECTORS = [
  'app.kubernetes.io/component=nvidia-driver',
  'app in (nvidia-driver-daemonset,nvidia-device-plugin-daemonset,nvidia-dcgm,nvidia-dcgm-exporter)',
] as const;
/** Their containers, best first: the driver's pod alone has `hostPID` and sees the host's processes. `-ctr` as the plugin's own manifest has it. */
const CONTAINERS: readonly string[] = [
  'nvidia-driver-ctr',
  'nvidia-device-plugin',
  'nvidia-device-plugin-ctr',
  'nvidia-dcgm-ctr',
  'nvidia-dcgm-exporter',
];
const MOST_PODS = 5_000;
/** Nodes of one cluster that are looked at in one question; each takes a dozen commands the first time. */
export const MOST_NODES = 32;
const NODES_AT_A_TIME = 4;
const COMMAND_TIMEOUT_MS = 10_000;
const MAX_OUTPUT_BYTES = 256 * 1024;

/** By node: its cards, or why they could not be read. */
export type SmiReading = ReadonlyMap<string, MeasuredNode | string>;

/** Runs nvidia-smi on some nodes of a cluster, never through a shell. Throws what listing pods throws. */
export async function readSmiOfNodes(
  kubernetes: Pick<KubernetesClient, 'list' | 'exec'>,
  target: SpokeTarget,
  nodes: readonly string[],
  { limits, clock, known }: { readonly limits: CallLimits; readonly clock: Clock; readonly known: KnownFields },
): Promise<SmiReading> {
  const places = await placesOf(kubernetes, target, limits);
  const reading = new Map<string, MeasuredNode | string>();
  const turns = pLimit(NODES_AT_A_TIME);
  const endMs = clock.monotonicMs() + limits.timeoutMs;
  await Promise.all(
    nodes.map((node, at) =>
      turns(async () => {
        const place = places.get(node);
        if (at >= MOST_NODES)
          reading.set(node, `only ${MOST_NODES} nodes of a cluster are asked by nvidia-smi at a time`);
        else if (!place) reading.set(node, 'no pod of the GPU operator with nvidia-smi runs there');
        else {
          const run: RunSmi = async (command) => {
            const timeoutMs = Math.max(1, Math.min(COMMAND_TIMEOUT_MS, endMs - clock.monotonicMs()));
            const request = { ...place, command, timeoutMs, maxBytes: MAX_OUTPUT_BYTES };
            const { exitCode, stdout, stderr } = await kubernetes.exec(target, {
              ...request,
              ...(limits.signal ? { signal: limits.signal } : {}),
            });
            return { exitCode, stdout: stdout.toString('utf8'), stderr: stderr.toString('utf8') };
          };
          try {
            reading.set(node, await readSmi(run, node, clock.now().getTime() / 1000, known));
          } catch (thrown) {
            limits.signal?.throwIfAborted();
            if (!(thrown instanceof AppError)) throw thrown;
            reading.set(node, reasonOf('run nvidia-smi in its pod', thrown));
          }
        }
      }),
    ),
  );
  return reading;
}

interface Place {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

async function placesOf(
  kubernetes: Pick<KubernetesClient, 'list'>,
  target: SpokeTarget,
  limits: CallLimits,
): Promise<Map<string, Place>> {
  const found = new Map<string, Place>();
  const lists = await Promise.all(
    SELECTORS.map((labelSelector) =>
      kubernetes.list(target, {
        group: '',
        version: 'v1',
        resource: 'pods',
        item: Pod,
        labelSelector,
        limit: MOST_PODS,
        ...limits,
      }),
    ),
  );
  for (const pod of lists.flatMap(({ items }) => items)) {
    const { nodeName } = pod.spec;
    const place = placeIn(pod);
    if (nodeName === undefined || !place || pod.status?.phase !== 'Running') continue;
    const known = found.get(nodeName);
    if (!known || rankOf(place) < rankOf(known)) found.set(nodeName, place);
  }
  return found;
}

function placeIn({ metadata, spec }: Pod): Place | undefined {
  const names = new Set(spec.containers.map(({ name }) => name));
  const container = CONTAINERS.find((name) => names.has(name));
  return container === undefined ? undefined : { namespace: metadata.namespace, pod: metadata.name, container };
}

function rankOf({ container }: Place): number {
  return CONTAINERS.indexOf(container);
}
