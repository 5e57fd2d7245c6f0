import type { Capabilities } from '../../backend/model/cluster.ts';

/** What a cluster can do, each in a word or two, the most telling first. */
export function capabilityChips(capabilities: Capabilities): string[] {
  const c = capabilities;
  const flags: readonly (readonly [boolean | null, string])[] = [
    [c.has_gpu_nodes, c.gpu_count ? `${c.gpu_count} GPU${c.gpu_count === 1 ? '' : 's'}` : 'GPU'],
    [c.has_cnf_workloads, c.cnf_types?.length ? `CNF ${c.cnf_types.join(' ')}` : 'CNF'],
    [c.has_dcgm, 'DCGM'],
    [c.has_ptp, 'PTP'],
    [c.has_sriov, 'SR-IOV'],
    [c.has_service_mesh, 'Mesh'],
    [c.has_odf, 'ODF'],
    [c.has_thanos, 'Thanos'],
    [c.has_tempo, 'Tempo'],
    [c.has_loki, 'Loki'],
  ];
  return flags.flatMap(([has, word]) => (has === true ? [word] : []));
}

export interface CapabilityFact {
  readonly field: string;
  readonly name: string;
  /** Undefined for what could not be looked up. */
  readonly value: string | undefined;
  readonly reason: string | undefined;
}

const NAMES = {
  has_gpu_nodes: 'GPU nodes',
  gpu_count: 'GPUs',
  gpu_types: 'GPU models',
  has_cnf_workloads: 'CNF workloads',
  cnf_types: 'CNF kinds',
  has_ptp: 'PTP',
  has_sriov: 'SR-IOV',
  has_prometheus: 'Prometheus',
  has_thanos: 'Thanos',
  has_tempo: 'Tempo',
  has_loki: 'Loki',
  has_service_mesh: 'Service mesh',
  has_odf: 'Data Foundation',
  has_gpu_operator: 'GPU operator',
  has_dcgm: 'DCGM exporter',
  has_nfd: 'Node feature discovery',
  node_count: 'Nodes',
  node_roles: 'Nodes by role',
} as const satisfies Partial<Record<keyof Capabilities, string>>;

/** Every capability in a fixed order, with its value in words; what is not known comes with why. */
export function capabilityFacts(capabilities: Capabilities): CapabilityFact[] {
  const reasons = new Map(capabilities.unknown.map(({ field, reason }) => [field, reason]));
  return (Object.keys(NAMES) as (keyof typeof NAMES)[]) // proof: the keys of the constant above
    .map((field) => {
      const value = capabilities[field];
      return {
        field,
        name: NAMES[field],
        value: value === null ? undefined : inWords(value),
        reason: value === null ? (reasons.get(field) ?? 'No reason was recorded.') : undefined,
      };
    });
}

function inWords(value: boolean | number | readonly string[] | Readonly<Record<string, number>>): string {
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  if (typeof value === 'number') return String(value);
  const parts: readonly string[] = isList(value)
    ? value
    : Object.entries(value).map(([role, count]) => `${count} ${role}`);
  return parts.length === 0 ? 'None' : parts.join(', ');
}

function isList(value: readonly string[] | Readonly<Record<string, number>>): value is readonly string[] {
  return Array.isArray(value);
}
