import type { DpdkPort } from '../../model/cnf.ts';
import type { Row } from './metric-rows.ts';

/** The counters that rte_eth_stats has, and the state of the link. */
const FIELDS = [
  'ipackets',
  'opackets',
  'ibytes',
  'obytes',
  'imissed',
  'ierrors',
  'oerrors',
  'rx_nombuf',
  'link_up',
] as const;
type Field = (typeof FIELDS)[number];

/** Which metric of the site's exporter is which counter, and what its labels are called: DPDK has no names of its own in Prometheus. */
export interface DpdkMapping {
  /** By metric name. */
  readonly fields: ReadonlyMap<string, Field>;
  readonly labels: { readonly namespace: string; readonly pod: string; readonly port: string };
}

/** How one entry is written in the configuration: `imissed=site_dpdk_rx_missed_total` or `label.port=port_id`. */
export const DPDK_METRIC = new RegExp(
  `^(?:(?:${FIELDS.join('|')})=[a-zA-Z_:][a-zA-Z0-9_:]{0,199}|label\\.(?:namespace|pod|port)=[a-zA-Z_][a-zA-Z0-9_]{0,99})$`,
);

/** What is not written so maps nothing; the configuration refuses it before. */
export function dpdkMappingOf(written: readonly string[]): DpdkMapping {
  const entries = written.filter((entry) => DPDK_METRIC.test(entry)).map((entry) => entry.split('='));
  const label = (name: string) => entries.find(([key]) => key === `label.${name}`)?.[1] ?? name;
  return {
    fields: new Map(
      entries.flatMap(([key, metric = '']) => {
        const field = FIELDS.find((one) => one === key);
        return field ? [[metric, field] as const] : [];
      }),
    ),
    labels: { namespace: label('namespace'), pod: label('pod'), port: label('port') },
  };
}

/** Everything that the exporter has of one pod. */
export function dpdkQuery({ fields, labels }: DpdkMapping, namespace: string, pod: string): string {
  const names = [...fields.keys()].join('|');
  const matchers = [`${labels.namespace}=${JSON.stringify(namespace)}`, `${labels.pod}=${JSON.stringify(pod)}`];
  return `{__name__=~"${names}",${matchers.join(',')}}`;
}

export function portsOfRows({ fields, labels }: DpdkMapping, rows: readonly Row[]): DpdkPort[] {
  const ports = new Map<string, DpdkPort>();
  for (const { metric, labels: own, value } of rows) {
    const field = fields.get(metric);
    if (!field) continue;
    const port = own[labels.port] ?? '';
    const known = ports.get(port) ?? { port, link: null, stats: {}, xstats: {}, xstats_total: 0 };
    const link = field === 'link_up' ? { up: value !== 0, speed_mbps: null, duplex: null } : known.link;
    const stats =
      field === 'link_up' || value < 0 ? known.stats : { ...known.stats, [field]: String(BigInt(Math.trunc(value))) };
    ports.set(port, { ...known, link, stats });
  }
  return [...ports.values()].sort((a, b) => (a.port < b.port ? -1 : 1));
}
