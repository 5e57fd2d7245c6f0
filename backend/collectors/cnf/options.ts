import type { Clock } from '../../platform/clock.ts';
import type { CnfPrefix } from '../../registry/discovery/cnf.ts';
import type { Spokes } from '../../spokes/spokes.ts';
import type { Fanout } from '../fanout/fanout.ts';
import type { MetricsSource } from '../metrics/metrics-source.ts';
import type { DpdkMapping } from './dpdk-metrics.ts';

/** What every CNF answer stands on. */
export interface CnfOptions {
  readonly clock: Clock;
  readonly fanout: Fanout;
  readonly source: MetricsSource;
  readonly spokes: Pick<Spokes, 'kubernetes'>;
  readonly prefixes: readonly CnfPrefix[];
  /** The site's exporter of DPDK counters; empty = it has none. */
  readonly dpdk: DpdkMapping;
}
