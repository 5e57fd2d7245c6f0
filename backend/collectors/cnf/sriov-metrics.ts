import type { SriovVf, VfRates } from '../../model/cnf.ts';
import type { Evaluate } from '../metrics/metrics-source.ts';
import { type Row, lastSeen, own, rowsOf } from './metric-rows.ts';

/*
 * sriov-network-metrics-exporter (wire.md §7.2): counters without `_total`, and one info series that says which pod has which address.
 * Addresses repeat from node to node, so everything is joined on node and address.
 */

const RATES = ['rx_bytes', 'tx_bytes', 'rx_packets', 'tx_packets', 'rx_dropped', 'tx_dropped'] as const;
const POD_DEVICE = 'sriov_kubepoddevice';
export const VF_METRIC = 'sriov_vf_rx_packets';

export interface MeasuredVf {
  readonly pf: string;
  readonly vf: string;
  readonly pciAddress: string;
  readonly numaNode: string | null;
  readonly rates: VfRates;
}

export interface SriovMeasured {
  /** By {@link vfKey}. */
  readonly vfs: ReadonlyMap<string, MeasuredVf>;
  readonly pods: ReadonlyMap<string, NonNullable<SriovVf['pod']>>;
  /** Hosts that are measured, as their series name them, and when the newest value is from (Unix seconds). */
  readonly seen: ReadonlyMap<string, number>;
}

/** Rates take five minutes, so that two scrapes a minute apart are enough. */
export async function measureSriov(
  evaluate: Evaluate,
  time: number,
): Promise<{ value: SriovMeasured; warnings: readonly string[] }> {
  const [devices, seen, ...rates] = await Promise.all([
    evaluate({ query: POD_DEVICE, time }),
    lastSeen(evaluate, VF_METRIC, 'node, exported_node, instance', time),
    ...RATES.map((name) => evaluate({ query: `rate(sriov_vf_${name}[5m])`, time })),
  ]);
  return {
    value: {
      vfs: vfsOf(rates.map((result, at) => [RATES[at] ?? 'rx_bytes', rowsOf(result)] as const)),
      pods: podsOf(rowsOf(devices)),
      seen: new Map(seen.map(({ labels, value }) => [hostOf(labels), value])),
    },
    warnings: [...new Set([devices, ...rates].flatMap((result) => result.warnings))],
  };
}

/** The node where discovery or the exporter names it, else the address that was scraped. */
export function hostOf(labels: Row['labels']): string {
  return own(labels, 'node') || (labels['instance'] ?? '').replace(/:\d{1,5}$/, '');
}

export function vfKey(host: string, pciAddress: string): string {
  return `${host} ${pciAddress.toLowerCase()}`;
}

export function vfsOf(rates: readonly (readonly [keyof VfRates, readonly Row[]])[]): Map<string, MeasuredVf> {
  const vfs = new Map<string, MeasuredVf>();
  for (const [field, rows] of rates) {
    for (const { labels, value } of rows) {
      const pciAddress = labels['pciAddr'] ?? '';
      const key = vfKey(hostOf(labels), pciAddress);
      const known = vfs.get(key) ?? {
        pf: labels['pf'] ?? '',
        vf: labels['vf'] ?? '',
        pciAddress,
        numaNode: labels['numa_node'] ?? null,
        rates: NOT_COUNTED,
      };
      vfs.set(key, { ...known, rates: { ...known.rates, [field]: value } });
    }
  }
  return vfs;
}

const NOT_COUNTED: VfRates = {
  rx_bytes: null,
  tx_bytes: null,
  rx_packets: null,
  tx_packets: null,
  rx_dropped: null,
  tx_dropped: null,
};

export function podsOf(rows: readonly Row[]): Map<string, NonNullable<SriovVf['pod']>> {
  return new Map(
    rows.map(({ labels }) => [
      vfKey(hostOf(labels), labels['pciAddr'] ?? ''),
      {
        namespace: own(labels, 'namespace'),
        name: own(labels, 'pod'),
        container: own(labels, 'container'),
        resource: labels['dev_type'] ?? '',
      },
    ]),
  );
}
