import type { CnfFinding, CnfSource, PtpStatusAnswer } from '../../model/cnf.ts';
import { type ClusterOutcome, hasNoEndpoint, reasonOf } from '../../model/outcome.ts';
import type { FindingSeverity } from '../../model/workload.ts';
import { STALE_AFTER_SECONDS } from './metric-rows.ts';
import type { Kind } from './read-kinds.ts';

/**
 * One outcome for each cluster over what its API server and its metrics said. A cluster that answers one of them has answered in
 * part; one without metrics is told by its API alone.
 */
export function joinOutcomes(api: readonly ClusterOutcome[], metrics: readonly ClusterOutcome[]): ClusterOutcome[] {
  const measured = new Map(metrics.map((outcome) => [outcome.cluster_id, outcome]));
  return api.map((own) => {
    const other = measured.get(own.cluster_id);
    if (other === undefined || hasNoEndpoint(other)) return own;
    if (hasNoEndpoint(own)) return other;
    const warnings = [...(own.warnings ?? []), ...(other.warnings ?? [])];
    const timing = {
      query_time_ms: Math.max(own.query_time_ms, other.query_time_ms),
      cached: own.cached && other.cached,
      ...(own.age_ms === undefined && other.age_ms === undefined
        ? {}
        : { age_ms: Math.max(own.age_ms ?? 0, other.age_ms ?? 0) }),
    };
    const failed = [own, other].filter(({ status }) => status !== 'SUCCESS' && status !== 'PARTIAL');
    if (failed.length === 2) return own;
    const said = [...failed.map((one) => `${one === own ? 'API server' : 'metrics'}: ${reasonOf(one)}`), ...warnings];
    const isWhole = failed.length === 0 && own.status === 'SUCCESS' && other.status === 'SUCCESS';
    const { cluster_id, cluster_name } = own;
    return {
      cluster_id,
      cluster_name,
      status: isWhole ? 'SUCCESS' : 'PARTIAL',
      ...(said.length === 0 ? {} : { warnings: said }),
      ...timing,
    };
  });
}

/** What a list of objects is as a source. `at` = when it was read (ISO 8601). */
export function sourceOf(
  cluster: string,
  source: string,
  kind: Kind<unknown> | undefined,
  failed: ClusterOutcome | undefined,
  at: string,
): CnfSource {
  const base = { cluster, source };
  if (kind === undefined)
    return { ...base, status: 'UNREADABLE', at: null, detail: failed ? reasonOf(failed) : 'it was not asked' };
  switch (kind.status) {
    case 'OK':
      return { ...base, status: 'OK', at, detail: kind.isCut ? 'cut: there are too many' : null };
    case 'ABSENT':
      return { ...base, status: 'ABSENT', at: null, detail: 'the API server does not know this kind' };
    case 'UNREADABLE':
      return { ...base, status: 'UNREADABLE', at: null, detail: kind.why };
    default:
      return kind;
  }
}

/** What an exporter's metrics are as a source, by when each host was measured last (Unix seconds). */
export function metricsSourceOf(
  cluster: string,
  {
    source,
    metric,
    seen,
    outcome,
    time,
  }: {
    readonly source: string;
    readonly metric: string;
    readonly seen: ReadonlyMap<string, number> | undefined;
    readonly outcome: ClusterOutcome | undefined;
    readonly time: number;
  },
): CnfSource {
  const base = { cluster, source };
  if (!seen) {
    const detail =
      outcome === undefined || hasNoEndpoint(outcome) ? 'the cluster has no Prometheus' : reasonOf(outcome);
    return { ...base, status: 'UNREADABLE', at: null, detail };
  }
  if (seen.size === 0)
    return {
      ...base,
      status: 'ABSENT',
      at: null,
      detail: `no ${metric} in the last hour: no such exporter is scraped`,
    };
  const times = [...seen.values()];
  const at = new Date(Math.max(...times) * 1000).toISOString();
  const stale = times.filter((one) => time - one > STALE_AFTER_SECONDS).length;
  if (stale === 0) return { ...base, status: 'OK', at, detail: null };
  const detail = `${stale} of ${seen.size} hosts are no longer measured`;
  return { ...base, status: stale === seen.size ? 'STALE' : 'OK', at, detail };
}

const RANK: Readonly<Record<FindingSeverity, number>> = { CRITICAL: 0, WARNING: 1, INFO: 2 };
const MOST_FINDINGS = 200;

/** Most severe first, no more than an answer holds; counts are of all. */
export function rankedFindings(
  all: readonly CnfFinding[],
): Pick<PtpStatusAnswer, 'findings' | 'total_findings' | 'by_severity'> {
  const place = ({ cluster, code, object }: CnfFinding) =>
    JSON.stringify([cluster, code, object.namespace, object.name]);
  const ranked = all.toSorted((a, b) => RANK[a.severity] - RANK[b.severity] || (place(a) < place(b) ? -1 : 1));
  const count = (severity: FindingSeverity) => all.filter((one) => one.severity === severity).length;
  return {
    findings: ranked.slice(0, MOST_FINDINGS),
    total_findings: ranked.length,
    by_severity: { CRITICAL: count('CRITICAL'), WARNING: count('WARNING'), INFO: count('INFO') },
  };
}
