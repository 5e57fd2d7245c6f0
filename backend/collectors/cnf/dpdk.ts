import type { Cluster } from '../../model/cluster.ts';
import type { DpdkPort, DpdkStatsAnswer } from '../../model/cnf.ts';
import { AppError, quoteForeign } from '../../model/errors.ts';
import type { KubernetesClient } from '../../spokes/kubernetes.ts';
import type { CallLimits, SpokeTarget } from '../../spokes/transport.ts';
import { FRESHNESS } from '../fanout/cache-ttl.ts';
import { type FanoutAnswer, type Question, questionOf } from '../fanout/fanout.ts';
import { dpdkQuery, portsOfRows } from './dpdk-metrics.ts';
import { type Replies, portOf, portsOf, repliesOf, versionOf } from './dpdk-telemetry.ts';
import { dpdkFindings } from './findings/dpdk.ts';
import { rankedFindings } from './join.ts';
import { rowsOf } from './metric-rows.ts';
import { CNF_KINDS, type CnfPod } from './objects.ts';
import type { CnfOptions } from './options.ts';
import { requestsOf } from './pod-requests.ts';

export interface DpdkQuery extends Omit<Question, 'clusters'> {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly pod: string;
  /** Left out = the one that asks for hugepages, else the first. */
  readonly container?: string | undefined;
  /** EAL's `--file-prefix`; left out = `rte`. */
  readonly filePrefix?: string | undefined;
}

type Told = Pick<DpdkStatsAnswer, 'ports' | 'version' | 'container' | 'notes' | 'source'>;

const MOST_PORTS = 32;
const MAX_OUTPUT = 1024 * 1024;
/** A double counts whole numbers up to here. */
const EXACT = BigInt(Number.MAX_SAFE_INTEGER);
/**
 * The program reads commands from its input, and exec gives none: the shell of the container makes it from arguments, which it does
 * not read as script.
 */
export const SCRIPT = String.raw`prefix=$1; shift; printf '%s\n' "$@" quit | dpdk-telemetry.py -f "$prefix"`;

/**
 * Counters of the DPDK ports of one pod: from the site's exporter where the configuration maps one and it has the pod, else from
 * dpdk-telemetry.py in the pod, where exec is on. Throws NOT_FOUND when neither can tell, and what the cluster answers.
 */
export function createDpdkStats({ clock, fanout, source, spokes, dpdk }: CnfOptions) {
  async function ofExporter(query: DpdkQuery, question: Question, time: number): Promise<Told | undefined> {
    const { namespace, pod, cluster } = query;
    if (dpdk.fields.size === 0) return undefined;
    const answer = await source.each<DpdkPort[]>({
      ...question,
      cache: { key: JSON.stringify(['cnf/dpdk', namespace, pod]), ...FRESHNESS.CNF },
      ask: async (evaluate) => {
        const result = await evaluate({ query: dpdkQuery(dpdk, namespace, pod), time });
        return { value: portsOfRows(dpdk, rowsOf(result)), warnings: result.warnings };
      },
    });
    const ports = answer.values.get(cluster.id);
    if (!ports && !cluster.exec_enabled) throw errorOf(answer, cluster) ?? nothingTells(query, 'it has no Prometheus');
    if (!ports || ports.length === 0) return undefined;
    const isRounded = ports.some(({ stats }) => Object.values(stats).some((count) => BigInt(count) > EXACT));
    return {
      source: 'METRICS',
      ports,
      version: null,
      container: null,
      notes: isRounded ? ['Prometheus keeps doubles: counters beyond 2^53 are rounded.'] : [],
    };
  }

  async function ofProgram(query: DpdkQuery, question: Question): Promise<Told> {
    const { namespace, pod, cluster, container, filePrefix = 'rte' } = query;
    const answer = await fanout.ask<Told>({
      ...question,
      kind: 'API',
      cache: { key: JSON.stringify(['cnf/dpdk', namespace, pod, container, filePrefix]), ...FRESHNESS.CNF },
      ask: async (target, _cluster, limits) => ({
        value: await askProgram(spokes.kubernetes, target, { ...query, filePrefix }, limits),
      }),
    });
    const told = answer.values.get(cluster.id);
    if (!told) throw errorOf(answer, cluster) ?? nothingTells(query, 'its API server is not known');
    return told;
  }

  return async (query: DpdkQuery): Promise<DpdkStatsAnswer> => {
    const { cluster, namespace, pod } = query;
    const question = questionOf({ ...query, clusters: [cluster] });
    const now = clock.now();
    const measured = await ofExporter(query, question, Math.floor(now.getTime() / 1000));
    if (!measured && !cluster.exec_enabled) throw nothingTells(query, 'commands in its pods are not enabled');
    const told = measured ?? (await ofProgram(query, question));
    return {
      cluster: cluster.name,
      namespace,
      pod,
      at: now.toISOString(),
      ...told,
      ...rankedFindings(dpdkFindings(cluster.name, namespace, pod, told.ports)),
    };
  };
}

async function askProgram(
  kubernetes: Pick<KubernetesClient, 'get' | 'exec'>,
  target: SpokeTarget,
  query: DpdkQuery & { readonly filePrefix: string },
  limits: CallLimits,
): Promise<Told> {
  const { namespace, pod: name, filePrefix } = query;
  const pod = await kubernetes.get(target, { ...CNF_KINDS.pods, namespace, name, ...limits });
  if (!pod) throw new AppError('NOT_FOUND', `There is no pod ${quoteForeign(`${namespace}/${name}`)} on that cluster.`);
  const container = query.container ?? containerOf(pod);
  const run = async (...commands: string[]): Promise<Replies> => {
    const { exitCode, stdout, stderr } = await kubernetes.exec(target, {
      namespace,
      pod: name,
      command: ['sh', '-c', SCRIPT, 'sh', filePrefix, ...commands],
      maxBytes: MAX_OUTPUT,
      ...(container === undefined ? {} : { container }),
      ...limits,
    });
    const replies = repliesOf(stdout.toString('utf8'));
    if (replies.length > 0) return replies;
    const said = quoteForeign(`${stderr.toString('utf8')} ${stdout.toString('utf8')}`, 200);
    throw new AppError('SPOKE_ERROR', `dpdk-telemetry.py in ${name} told nothing (exit code ${exitCode}): ${said}.`, {
      details: { reason: 'EXEC' },
      hint: 'Name the container, or the file_prefix of the application (default rte); the program must be in the image.',
    });
  };
  const head = await run('/info', '/ethdev/list');
  const ports = portsOf(head);
  const asked = (ports ?? []).slice(0, MOST_PORTS);
  const told: DpdkPort[] = [];
  // One after the other: the socket of an application serves ten clients, and this is not the only one.
  for (const port of asked) {
    told.push(
      portOf(port, await run(`/ethdev/stats,${port}`, `/ethdev/xstats,${port}`, `/ethdev/link_status,${port}`)),
    );
  }
  const notes = [
    ...(ports === undefined
      ? ['The application does not answer /ethdev/list: it has no Ethernet ports to tell of.']
      : []),
    ...(ports !== undefined && ports.length > MOST_PORTS
      ? [`Only the first ${MOST_PORTS} of ${ports.length} ports were asked.`]
      : []),
  ];
  return { source: 'EXEC', ports: told, version: versionOf(head), container: container ?? null, notes };
}

function containerOf(pod: CnfPod): string | undefined {
  const { containers } = pod.spec;
  const one = containers.find((container) =>
    [...requestsOf({ ...pod, spec: { ...pod.spec, containers: [container], initContainers: [] } }).keys()].some(
      (name) => name.startsWith('hugepages-'),
    ),
  );
  return (one ?? containers[0])?.name;
}

function errorOf(answer: FanoutAnswer<unknown>, cluster: Cluster): AppError | undefined {
  return answer.errors.get(cluster.id);
}

function nothingTells({ cluster, namespace, pod }: DpdkQuery, why: string): AppError {
  return new AppError(
    'NOT_FOUND',
    `Nothing tells DPDK counters of ${quoteForeign(`${namespace}/${pod}`)} on ${cluster.name}: no metric is mapped for it, and ${why}.`,
    {
      details: { exec_enabled: cluster.exec_enabled },
      hint: 'Map the metrics of the exporter with AIOPS_DPDK_METRICS, or turn exec_enabled on for the cluster.',
    },
  );
}
