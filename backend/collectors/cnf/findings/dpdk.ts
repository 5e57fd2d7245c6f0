import type { CnfFinding, DpdkPort } from '../../../model/cnf.ts';
import { finding } from './finding.ts';

/** Of a thousand packets one; below a thousand lost a share says nothing. */
const LEAST_LOST = 1000n;
const ONE_IN = 1000n;
const CRITICAL_ONE_IN = 100n;

/** Rules over counters since the port was started. A port that does not tell what it loses has no finding. */
export function dpdkFindings(
  cluster: string,
  namespace: string,
  pod: string,
  ports: readonly DpdkPort[],
): CnfFinding[] {
  return ports.flatMap(({ port, stats }) => {
    const count = (name: string) => BigInt(stats[name] ?? '0');
    const lost = count('imissed') + count('rx_nombuf');
    const received = count('ipackets');
    if (lost < LEAST_LOST || lost * ONE_IN < received + lost) return [];
    const isBuffers = count('rx_nombuf') > count('imissed');
    return [
      finding(cluster, {
        severity: lost * CRITICAL_ONE_IN >= received + lost ? 'CRITICAL' : 'WARNING',
        code: 'DPDK_RX_DROPS',
        object: { kind: 'Pod', namespace, name: pod },
        message: `Port ${port} has lost ${lost} of ${received + lost} packets since it was started.`,
        evidence: {
          ipackets: stats['ipackets'] ?? null,
          imissed: stats['imissed'] ?? null,
          rx_nombuf: stats['rx_nombuf'] ?? null,
        },
        next_step: isBuffers
          ? 'No buffers were free: enlarge the mempool (hugepages), or find the worker that holds on to them.'
          : 'The receive ring was full: give the port more queues and isolated CPUs on its NUMA node. Ask again to see whether imissed still grows.',
      }),
    ];
  });
}
