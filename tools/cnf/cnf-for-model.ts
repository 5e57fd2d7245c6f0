import type { z } from 'zod';
import { dropShare } from '../../backend/collectors/cnf/findings/sriov.ts';
import { digestClusters } from '../../backend/collectors/metrics/series-digest.ts';
import type {
  CnfFinding,
  CnfSource,
  CnfWorkloadsAnswer,
  CnfWorkloadsForModel,
  DpdkStatsAnswer,
  DpdkStatsForModel,
  PtpNode,
  PtpStatusAnswer,
  PtpStatusForModel,
  SriovStatusAnswer,
  SriovStatusForModel,
} from '../../backend/model/cnf.ts';

const SHOWN_ROWS = 30;
const SHOWN_FINDINGS = 20;
const SHOWN_CLOCKS = 6;
const SHOWN_SOURCES = 10;

interface View<T> {
  readonly output: T & Record<string, unknown>;
  readonly whole: boolean;
}

export function workloadsView(answer: CnfWorkloadsAnswer): View<z.input<typeof CnfWorkloadsForModel>> {
  return {
    output: {
      ...answer,
      workloads: answer.workloads
        .slice(0, SHOWN_ROWS)
        .map(({ found_by: _by, nodes: _nodes, hugepages: _huge, ...one }) => ({
          ...one,
          ...(one.networks.length === 0 ? { networks: undefined } : { networks: one.networks.map(({ name }) => name) }),
          ...(Object.keys(one.devices).length === 0 ? { devices: undefined } : {}),
        })),
      sources: missingSources(answer.sources),
      clusters: digestClusters(answer.clusters),
    },
    whole: false,
  };
}

export function ptpView(answer: PtpStatusAnswer): View<z.input<typeof PtpStatusForModel>> {
  return {
    output: {
      ...answer,
      nodes: answer.nodes.slice(0, SHOWN_ROWS).map((node) => {
        const clocks = wrongClocks(node);
        return {
          cluster: node.cluster,
          node: node.node,
          state: node.state,
          worst_offset_ns: node.worst_offset_ns,
          clock_type: node.clock_type,
          ...(node.clock_class === null
            ? {}
            : { clock_class: `${node.clock_class}: ${node.clock_class_meaning ?? ''}` }),
          ...(node.stale ? { stale: true as const } : {}),
          ...(clocks.length === 0 ? {} : { clocks }),
        };
      }),
      findings: answer.findings.slice(0, SHOWN_FINDINGS),
      sources: missingSources(answer.sources),
      clusters: digestClusters(answer.clusters),
    },
    whole: false,
  };
}

export function sriovView({
  policies: _policies,
  ...answer
}: SriovStatusAnswer): View<z.input<typeof SriovStatusForModel>> {
  return {
    output: {
      ...answer,
      nodes: answer.nodes
        .slice(0, SHOWN_ROWS)
        .map(({ cluster, node, sync_status, last_sync_error, resources, vfs }) => {
          const dropping = vfs
            .filter((vf) => dropShare(vf) !== null)
            .map(
              (vf) =>
                `${vf.pf} ${vf.vf}: ${Math.round(vf.per_second?.rx_dropped ?? 0)}/s${vf.pod ? ` ${vf.pod.namespace}/${vf.pod.name}` : ''}`,
            );
          return {
            cluster,
            node,
            sync_status,
            resources,
            ...(last_sync_error === null ? {} : { last_sync_error: last_sync_error.slice(0, 300) }),
            ...(dropping.length === 0 ? {} : { dropping: dropping.slice(0, SHOWN_CLOCKS) }),
          };
        }),
      findings: answer.findings.slice(0, SHOWN_FINDINGS),
      sources: missingSources(answer.sources),
      clusters: digestClusters(answer.clusters),
    },
    whole: false,
  };
}

export function dpdkView(answer: DpdkStatsAnswer): View<z.input<typeof DpdkStatsForModel>> {
  return {
    output: {
      ...answer,
      ports: answer.ports.map(({ xstats, xstats_total: _total, ...port }) => {
        const drops = Object.entries(xstats).filter(
          ([name, count]) => count !== '0' && /drop|miss|err|discard|no_?mbuf/i.test(name),
        );
        return { ...port, ...(drops.length === 0 ? {} : { drops: Object.fromEntries(drops.slice(0, 20)) }) };
      }),
    },
    whole: answer.ports.every(({ xstats_total }) => xstats_total === 0),
  };
}

function wrongClocks({ clocks }: PtpNode): string[] {
  return clocks
    .filter(
      ({ state, fault, within_threshold }) =>
        fault || within_threshold === false || (state !== null && state !== 'LOCKED'),
    )
    .slice(0, SHOWN_CLOCKS)
    .map(({ process, iface, state, state_seconds, offset_ns, fault }) => {
      const since = state_seconds === null ? '' : ` for at least ${state_seconds} s`;
      const off = fault ? ', port fault' : offset_ns === null ? '' : `, ${offset_ns} ns`;
      return `${process} ${iface}: ${state ?? 'no state'}${since}${off}`;
    });
}

/** What is not OK, alike ones of many clusters in one line. */
export function missingSources(sources: readonly CnfSource[]): string[] {
  const groups = Map.groupBy(
    sources.filter(({ status, detail }) => status !== 'OK' || detail !== null),
    ({ source, status, detail }) => `${source} ${status}${detail === null ? '' : `: ${detail.slice(0, 120)}`}`,
  );
  const lines = [...groups].map(([line, own]) => {
    const names = own.map(({ cluster }) => cluster);
    return `${line} (${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''})`;
  });
  return lines.length > SHOWN_SOURCES
    ? [...lines.slice(0, SHOWN_SOURCES), `and ${lines.length - SHOWN_SOURCES} more`]
    : lines;
}

/** "2 critical, 1 warning: PTP_OUT_OF_SYNC n1 on edge-1; …" */
export function findingsText(findings: readonly CnfFinding[], total: number): string {
  if (total === 0) return 'The rules find nothing wrong in what could be read.';
  const worst = findings.slice(0, 3).map(({ code, object, cluster }) => `${code} ${object.name} on ${cluster}`);
  const critical = findings.filter(({ severity }) => severity === 'CRITICAL').length;
  return `${total} ${total === 1 ? 'finding' : 'findings'}, ${critical} critical: ${worst.join('; ')}${total > 3 ? '; …' : ''}.`;
}

/** On top of an answer about no cluster. */
export const NO_CLUSTER = 'No cluster is in scope, so none was asked. list_clusters shows what is registered.';
