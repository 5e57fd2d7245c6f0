import type { ConsumerResource, UsageBy } from '../../model/usage.ts';

/*
 * The PromQL behind usage and rankings, in one place. Names are those of cAdvisor (kubelet /metrics/cadvisor), kube-state-metrics 2.x,
 * node exporter 1.x and NVIDIA's DCGM exporter 3.x. Every expression is an instant vector with exactly the labels of its grouping.
 */

/** Where a metric comes from, for whoever has to scrape it. */
export const SOURCES = {
  CADVISOR: 'cAdvisor (kubelet /metrics/cadvisor)',
  KSM: 'kube-state-metrics',
  NODE: 'node exporter',
  DCGM: 'DCGM exporter',
} as const;

/** PromQL labels of each grouping; the cluster is added by the collector. */
export const GROUP_LABELS: Readonly<Record<UsageBy, string>> = {
  cluster: '',
  namespace: 'namespace',
  node: 'node',
  pod: 'namespace, pod',
};

export interface Scope {
  readonly by: UsageBy;
  /** Matchers on `namespace`, `pod` and `node`, without braces. */
  readonly matchers: readonly string[];
  /** PromQL duration; left out = now, and 5 minutes for rates. */
  readonly window?: string | undefined;
}

export interface Measure {
  readonly metric: string;
  readonly source: string;
  query(scope: Scope): string;
}

/** Containers themselves: the pod's own cgroup has no container name and holds their sum; POD is the pause container. */
const CONTAINERS = ['container!=""', 'container!="POD"'];
/** Real network devices of a node: not loopback, not the ends of pods' networks, bridges and tunnels. */
const DEVICES = 'device!~"lo|veth.*|cali.*|cni.*|flannel.*|br.*|docker.*|ovn.*|genev.*|tun.*"';

function series(metric: string, matchers: readonly string[]): string {
  return `${metric}{${matchers.join(',')}}`;
}

/**
 * A restarted container is a new cAdvisor series (other `id`), so peaks are first taken per container name and only then added up;
 * otherwise a pod that was OOM-killed three times would count three times.
 */
function memory({ by, matchers, window }: Scope): string {
  const metric = series('container_memory_working_set_bytes', [...CONTAINERS, ...matchers]);
  const used = window === undefined ? metric : `max_over_time(${metric}[${window}])`;
  const inner = by === 'node' ? 'namespace, pod, container, node' : 'namespace, pod, container';
  return `sum by (${GROUP_LABELS[by]}) (max by (${inner}) (${used}))`;
}

function cpu({ by, matchers, window = '5m' }: Scope): string {
  return `sum by (${GROUP_LABELS[by]}) (rate(${series('container_cpu_usage_seconds_total', [...CONTAINERS, ...matchers])}[${window}]))`;
}

function ofContainers(metric: 'requests' | 'limits', resource: 'cpu' | 'memory'): Measure {
  const name = `kube_pod_container_resource_${metric}`;
  return {
    metric: name,
    source: SOURCES.KSM,
    query: ({ by, matchers }) =>
      `sum by (${GROUP_LABELS[by]}) (${series(name, [`resource="${resource}"`, ...matchers])})`,
  };
}

function rateOf(metric: string, source: string, extra: readonly string[] = []): Measure {
  return {
    metric,
    source,
    query: ({ by, matchers, window = '5m' }) =>
      `sum by (${GROUP_LABELS[by]}) (rate(${series(metric, [...extra, ...matchers])}[${window}]))`,
  };
}

/** What there is on nodes, by node or added up; pods and namespaces have none. */
function ofNodes(metric: string, resource: string): Measure {
  return {
    metric,
    source: SOURCES.KSM,
    query: ({ by }) => `sum by (${GROUP_LABELS[by]}) (${series(metric, [`resource="${resource}"`])})`,
  };
}

/**
 * A metric of node exporter by node. Its targets are named by address or by host name, so `instance` is matched to the node's name,
 * else to its internal address (kube_node_info).
 */
function ofExporter(metric: string, expression: string): Measure {
  return {
    metric,
    source: SOURCES.NODE,
    query: ({ by }) => {
      if (by === 'cluster') return `sum(${expression})`;
      const labelled = (label: string) =>
        `label_replace(${expression}, "${label}", "$1", "instance", "([^:]+)(?::[0-9]+)?")`;
      const byName = `sum by (node) (${labelled('node')} and on (node) kube_node_info)`;
      return `${byName} or sum by (node) (${labelled('internal_ip')} * on (internal_ip) group_left (node) kube_node_info)`;
    },
  };
}

const ROOT = 'node_filesystem_size_bytes{mountpoint="/",fstype!~"tmpfs|overlay"}';
const ROOT_FREE = 'node_filesystem_avail_bytes{mountpoint="/",fstype!~"tmpfs|overlay"}';
const ANYWHERE: readonly UsageBy[] = ['cluster', 'namespace', 'node', 'pod'];
const NODES: readonly UsageBy[] = ['cluster', 'node'];
const INSIDE: readonly UsageBy[] = ['namespace', 'pod'];

/** Measures of get_resource_usage by name, and the groupings in which they mean something. */
export const USAGE: Readonly<Record<string, Measure & { readonly by: readonly UsageBy[] }>> = {
  cpu_cores: { metric: 'container_cpu_usage_seconds_total', source: SOURCES.CADVISOR, query: cpu, by: ANYWHERE },
  cpu_requests: { ...ofContainers('requests', 'cpu'), by: ANYWHERE },
  cpu_limits: { ...ofContainers('limits', 'cpu'), by: ANYWHERE },
  cpu_allocatable: { ...ofNodes('kube_node_status_allocatable', 'cpu'), by: NODES },
  memory_bytes: { metric: 'container_memory_working_set_bytes', source: SOURCES.CADVISOR, query: memory, by: ANYWHERE },
  memory_requests: { ...ofContainers('requests', 'memory'), by: ANYWHERE },
  memory_limits: { ...ofContainers('limits', 'memory'), by: ANYWHERE },
  memory_allocatable: { ...ofNodes('kube_node_status_allocatable', 'memory'), by: NODES },
  pods: {
    metric: 'kube_pod_info',
    source: SOURCES.KSM,
    query: ({ by, matchers }) => `count by (${GROUP_LABELS[by]}) (${series('kube_pod_info', matchers)})`,
    by: ['cluster', 'namespace', 'node'],
  },
  disk_bytes: { ...ofExporter('node_filesystem_avail_bytes', `(${ROOT} - ${ROOT_FREE})`), by: NODES },
  disk_size: { ...ofExporter('node_filesystem_size_bytes', ROOT), by: NODES },
  network_receive: { ...rateOf('container_network_receive_bytes_total', SOURCES.CADVISOR), by: INSIDE },
  network_transmit: { ...rateOf('container_network_transmit_bytes_total', SOURCES.CADVISOR), by: INSIDE },
  node_network_receive: {
    ...ofExporter('node_network_receive_bytes_total', `rate(node_network_receive_bytes_total{${DEVICES}}[5m])`),
    by: NODES,
  },
  node_network_transmit: {
    ...ofExporter('node_network_transmit_bytes_total', `rate(node_network_transmit_bytes_total{${DEVICES}}[5m])`),
    by: NODES,
  },
};

/** Shares of get_resource_usage: what of what, both names of {@link USAGE}. */
export const SHARES: Readonly<Record<string, readonly [string, string]>> = {
  cpu_of_requests: ['cpu_cores', 'cpu_requests'],
  cpu_of_limits: ['cpu_cores', 'cpu_limits'],
  cpu_of_allocatable: ['cpu_cores', 'cpu_allocatable'],
  cpu_requested_of_allocatable: ['cpu_requests', 'cpu_allocatable'],
  memory_of_requests: ['memory_bytes', 'memory_requests'],
  memory_of_limits: ['memory_bytes', 'memory_limits'],
  memory_of_allocatable: ['memory_bytes', 'memory_allocatable'],
  memory_requested_of_allocatable: ['memory_requests', 'memory_allocatable'],
  disk_of_size: ['disk_bytes', 'disk_size'],
};

export interface Ranking extends Measure {
  readonly unit: string;
  readonly by: readonly UsageBy[];
  /** Nobody is a consumer of none, so that a zero is left out of a ranking of the most. */
  readonly zeroIsNone?: true;
  meaning(window: string | undefined): string;
}

/** DCGM writes the pod that holds a GPU beside its own labels; as scraped with `honorLabels: false` under `exported_`. */
function gpu(metric: string, aggregate: string): Measure['query'] {
  return ({ by, matchers, window }) => {
    const metricOf = series(metric, matchers);
    const used = window === undefined ? metricOf : `avg_over_time(${metricOf}[${window}])`;
    if (by !== 'node') return `${aggregate} by (${GROUP_LABELS[by]}) (${used})`;
    return `${aggregate} by (node) (label_replace(${used}, "node", "$1", "Hostname", "(.+)"))`;
  };
}

const averaged = (window: string | undefined) => `average over the last ${window ?? '5m'}`;

/** What get_top_consumers ranks by. */
export const RANKINGS: Readonly<Record<ConsumerResource, Ranking>> = {
  cpu: {
    metric: 'container_cpu_usage_seconds_total',
    source: SOURCES.CADVISOR,
    query: cpu,
    by: ANYWHERE,
    unit: 'cores',
    meaning: averaged,
  },
  memory: {
    metric: 'container_memory_working_set_bytes',
    source: SOURCES.CADVISOR,
    query: memory,
    by: ANYWHERE,
    unit: 'bytes',
    meaning: (window) =>
      window === undefined ? 'working set now' : `peak working set over the last ${window}, added up over containers`,
  },
  network: {
    metric: 'container_network_receive_bytes_total',
    source: SOURCES.CADVISOR,
    query: (scope) =>
      `${rateOf('container_network_receive_bytes_total', SOURCES.CADVISOR).query(scope)} + ${rateOf('container_network_transmit_bytes_total', SOURCES.CADVISOR).query(scope)}`,
    by: ['cluster', 'namespace', 'pod'],
    unit: 'bytes/s',
    meaning: (window) => `received and sent, ${averaged(window)}`,
  },
  disk_io: {
    metric: 'container_fs_reads_bytes_total',
    source: SOURCES.CADVISOR,
    query: (scope) =>
      `${rateOf('container_fs_reads_bytes_total', SOURCES.CADVISOR, CONTAINERS).query(scope)} + ${rateOf('container_fs_writes_bytes_total', SOURCES.CADVISOR, CONTAINERS).query(scope)}`,
    by: ANYWHERE,
    unit: 'bytes/s',
    meaning: (window) => `read and written, ${averaged(window)}`,
  },
  restarts: {
    metric: 'kube_pod_container_status_restarts_total',
    source: SOURCES.KSM,
    query: ({ by, matchers, window = '1h' }) =>
      `sum by (${GROUP_LABELS[by]}) (increase(${series('kube_pod_container_status_restarts_total', matchers)}[${window}]))`,
    by: ['cluster', 'namespace', 'pod'],
    zeroIsNone: true,
    unit: 'restarts',
    meaning: (window) => `restarts in the last ${window ?? '1h'}, as Prometheus estimates them`,
  },
  gpu: {
    metric: 'DCGM_FI_DEV_GPU_UTIL',
    source: SOURCES.DCGM,
    query: gpu('DCGM_FI_DEV_GPU_UTIL', 'avg'),
    by: ANYWHERE,
    unit: 'percent',
    meaning: (window) => `GPU utilization, averaged over GPUs, ${window === undefined ? 'now' : averaged(window)}`,
  },
  gpu_memory: {
    metric: 'DCGM_FI_DEV_FB_USED',
    source: SOURCES.DCGM,
    query: gpu('DCGM_FI_DEV_FB_USED', 'sum'),
    by: ANYWHERE,
    unit: 'MiB',
    meaning: (window) => `GPU memory used, added up over GPUs, ${window === undefined ? 'now' : averaged(window)}`,
  },
};

/** Matchers for namespaces and for workloads: pods of that name, alone or before a `-`. */
export function matchersFor(filter: {
  readonly namespaces?: readonly string[] | undefined;
  readonly workloads?: readonly string[] | undefined;
  readonly node?: string | undefined;
}): string[] {
  const { namespaces = [], workloads = [], node } = filter;
  const [namespace] = namespaces;
  const many = namespaces.map(escaped).join('|');
  return [
    ...(namespaces.length > 1
      ? [`namespace=~${JSON.stringify(many)}`]
      : namespace === undefined
        ? []
        : [`namespace=${JSON.stringify(namespace)}`]),
    ...(workloads.length > 0 ? [`pod=~${JSON.stringify(`(?:${workloads.map(escaped).join('|')})(?:-.*)?`)}`] : []),
    ...(node === undefined ? [] : [`node=${JSON.stringify(node)}`]),
  ];
}

function escaped(name: string): string {
  return name.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
