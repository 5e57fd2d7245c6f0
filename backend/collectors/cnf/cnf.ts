import type {
  CnfSummary,
  CnfWorkloadsAnswer,
  DpdkStatsAnswer,
  PtpStatusAnswer,
  SriovStatusAnswer,
} from '../../model/cnf.ts';
import { isComplete } from '../../model/outcome.ts';
import type { Question } from '../fanout/fanout.ts';
import { type DpdkQuery, createDpdkStats } from './dpdk.ts';
import { joinOutcomes, rankedFindings } from './join.ts';
import type { CnfOptions } from './options.ts';
import { type PtpQuery, createPtpStatus } from './ptp.ts';
import { type SriovQuery, createSriovStatus } from './sriov.ts';
import { type CnfWorkloadsQuery, createCnfWorkloads } from './workloads.ts';

export interface CnfCollector {
  workloads(query: CnfWorkloadsQuery): Promise<CnfWorkloadsAnswer>;
  ptp(query: PtpQuery): Promise<PtpStatusAnswer>;
  sriov(query: SriovQuery): Promise<SriovStatusAnswer>;
  dpdk(query: DpdkQuery): Promise<DpdkStatsAnswer>;
  /** Counts and findings of the first three. */
  summary(question: Question): Promise<CnfSummary>;
}

export function createCnfCollector(options: CnfOptions): CnfCollector {
  const workloads = createCnfWorkloads(options);
  const ptp = createPtpStatus(options);
  const sriov = createSriovStatus(options);

  async function summary(question: Question): Promise<CnfSummary> {
    const [functions, clocks, vfs] = await Promise.all([
      workloads({ ...question, limit: 0 }),
      ptp({ ...question, limit: 0 }),
      sriov({ ...question, limit: 0 }),
    ]);
    const sum = (severity: 'CRITICAL' | 'WARNING' | 'INFO') => clocks.by_severity[severity] + vfs.by_severity[severity];
    const clusters = joinOutcomes(functions.clusters, joinOutcomes(clocks.clusters, vfs.clusters));
    return {
      workloads: { total: functions.total, by_status: functions.by_status, by_type: functions.by_type },
      ptp: { total: clocks.total, by_state: clocks.by_state, max_abs_offset_ns: clocks.max_abs_offset_ns },
      sriov: { total: vfs.total, by_sync_status: vfs.by_sync_status, vfs: vfs.vfs },
      findings: rankedFindings([...clocks.findings, ...vfs.findings]).findings,
      total_findings: clocks.total_findings + vfs.total_findings,
      by_severity: { CRITICAL: sum('CRITICAL'), WARNING: sum('WARNING'), INFO: sum('INFO') },
      sources: [...clocks.sources, ...vfs.sources],
      clusters,
      complete: isComplete(clusters),
    };
  }

  return { workloads, ptp, sriov, dpdk: createDpdkStats(options), summary };
}
