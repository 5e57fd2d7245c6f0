import { quoteForeign } from '../../model/errors.ts';
import type { Finding } from '../../model/workload.ts';
import type { Analyzer, Draft, Need, Snapshot } from './analyzer.ts';
import { autoscalingAnalyzer } from './analyzers/autoscaling.ts';
import { containersAnalyzer } from './analyzers/containers.ts';
import { controllersAnalyzer } from './analyzers/controllers.ts';
import { disruptionAnalyzer } from './analyzers/disruption.ts';
import { ingressesAnalyzer } from './analyzers/ingresses.ts';
import { jobsAnalyzer } from './analyzers/jobs.ts';
import { nodesAnalyzer } from './analyzers/nodes.ts';
import { podsAnalyzer } from './analyzers/pods.ts';
import { quotasAnalyzer } from './analyzers/quotas.ts';
import { referencesAnalyzer } from './analyzers/references.ts';
import { servicesAnalyzer } from './analyzers/services.ts';
import { storageAnalyzer } from './analyzers/storage.ts';
import { warningsAnalyzer } from './analyzers/warnings.ts';
import { webhooksAnalyzer } from './analyzers/webhooks.ts';

/** Every analyzer there is. */
export const ANALYZERS: readonly Analyzer[] = [
  containersAnalyzer,
  podsAnalyzer,
  referencesAnalyzer,
  warningsAnalyzer,
  controllersAnalyzer,
  servicesAnalyzer,
  ingressesAnalyzer,
  storageAnalyzer,
  autoscalingAnalyzer,
  disruptionAnalyzer,
  jobsAnalyzer,
  webhooksAnalyzer,
  nodesAnalyzer,
  quotasAnalyzer,
];

const MAX_TEXT = 500;

/** The kinds that any of these analyzers needs. */
export function needsOf(analyzers: readonly Analyzer[]): ReadonlySet<Need> {
  return new Set(analyzers.flatMap(({ checks }) => checks.flatMap(({ needs }) => needs)));
}

/**
 * Runs every check whose kinds could be read; the others are named with the first kind that is missing. Text of objects is data:
 * one line, capped.
 */
export function analyze(
  snapshot: Snapshot,
  cluster: string,
  analyzers: readonly Analyzer[] = ANALYZERS,
): { readonly findings: Finding[]; readonly skipped: { readonly check: string; readonly need: Need }[] } {
  const findings: Finding[] = [];
  const skipped: { check: string; need: Need }[] = [];
  for (const { name, checks } of analyzers) {
    for (const check of checks) {
      const need = check.needs.find((one, at) => !isRead(snapshot, one) || (at > 0 && snapshot.truncated.has(one)));
      if (need !== undefined) skipped.push({ check: check.id, need });
      else findings.push(...check.run(snapshot).map((draft) => findingOf(draft, name, cluster)));
    }
  }
  return { findings, skipped };
}

function isRead({ objects, events }: Snapshot, need: Need): boolean {
  return (need === 'events' ? events : objects[need]) !== undefined;
}

function findingOf(draft: Draft, analyzer: string, cluster: string): Finding {
  return {
    severity: draft.severity,
    analyzer,
    reason: draft.reason,
    cluster,
    object: draft.object,
    message: plain(draft.message),
    evidence: draft.evidence.map(({ path, value }) => ({ path: plain(path), value: plain(value) })),
    next_step: draft.next_step,
  };
}

/** Foreign text inside: as {@link quoteForeign}, without its quotes. */
export function plain(text: string): string {
  const quoted: unknown = JSON.parse(quoteForeign(text, MAX_TEXT));
  return String(quoted);
}
