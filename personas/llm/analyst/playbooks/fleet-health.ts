import type { z } from 'zod';
import { AlertsAnswer } from '../../../../backend/model/alert.ts';
import { type ClusterStatus, FleetSummary } from '../../../../backend/model/cluster.ts';
import { getClusterStatus } from '../../../../tools/clusters/get-cluster-status.ts';
import { cite, code, paragraphs, shortenedLine } from '../markdown.ts';
import type { Asked, PlannedCall, Playbook, Read } from '../playbook.ts';
import { readAnswer } from '../read-answer.ts';
import { wordSet } from '../words.ts';
import { alertsCall, writeAlerts } from './alerts.ts';
import { asksForClusters } from './cluster-list.ts';
import { workloadCalls, writeWorkload } from './workload-health.ts';

/** Clusters whose status is asked one by one; the worst come first. */
const DETAILED = 10;

const HEALTH =
  /\b(?:un)?health(?:y)?\b|\b(?:down|unreachable|broken|failing|problems?|issues?|wrong|overview|summary|okay|ok|fine|alright|alive|reachable)\b|\b(?:state|status) of\b|\bclusters? (?:state|status)\b|\bhow (?:is|are)\b|\bwhat(?:'s| is) (?:going on|happening)\b|\ball (?:good|well)\b/;

/** "which clusters are unhealthy?", "is edge-1 healthy?", "what is wrong?" */
export const fleetHealthPlaybook: Playbook = {
  id: 'fleet-health',
  example: (cluster) => `which clusters are unhealthy? · is ${cluster} healthy? · what is wrong?`,
  match: ({ words }) =>
    HEALTH.test(words) ||
    (/\b(?:online|offline|degraded)\b/.test(words) && !asksForClusters(words)) ||
    (/\bup\b/.test(words) && /\b(?:is|are)\b/.test(words)),
  honours: ['namespace', 'subject'],
  vocabulary: wordSet(`
    health healthy unhealthy online offline degraded unknown unreachable reachable broken failing failed problem problems
    issue issues wrong bad sick good fine okay alright well working alive up down overview summary state status going happening
    not aren't isn't attention why
  `),
  plan(asked, read) {
    if (asked.subject.words !== '') return workloadCalls(asked);
    const summary = readAnswer(read(summaryCall(asked)), FleetSummary, 'get_fleet_summary');
    const first = [summaryCall(asked), ...(wantsAlerts(asked) ? [alertsCall(asked)] : [])];
    if (!summary.ok) return first;
    return [
      ...first,
      ...detailCalls(summary.value, asked),
      ...(wantsAlerts(asked) ? [] : [alertsCall(asked, 'CRITICAL')]),
    ];
  },
  write(asked, read) {
    if (asked.subject.words !== '') return writeWorkload(asked, read);
    const answer = readAnswer(read(summaryCall(asked)), FleetSummary, 'get_fleet_summary');
    if (!answer.ok) return answer.why;
    const { value: fleet, reading } = answer;
    const bad = new Set<string>(fleet.unhealthy.map((cluster) => cluster.state));
    const states = (isBad: boolean) =>
      Object.entries(fleet.by_state)
        .filter(([state]) => bad.has(state) === isBad)
        .map(([state, count]) => cite(`${count} ${state}`, reading.evidence))
        .join(', ');
    const others = states(false);
    const head =
      fleet.unhealthy.length === 0
        ? `No cluster is unhealthy among ${asked.scope.words}: ${others === '' ? cite('0 clusters', reading.evidence) : others}.`
        : `${cite(fleet.unhealthy.length, reading.evidence)} of ${cite(fleet.total_clusters, reading.evidence)} clusters ${fleet.unhealthy.length === 1 ? 'is' : 'are'} unhealthy: ${states(true)}${others === '' ? '' : `; the others: ${others}`}.`;
    const worst = fleet.unhealthy.map((cluster) => {
      const score =
        cluster.health_score === null ? '' : `, health score ${cite(cluster.health_score, reading.evidence)}`;
      const error = cluster.last_error === null ? '' : `: ${code(cluster.last_error, 200)} [${reading.evidence}]`;
      return `- **${cluster.name}** is ${cluster.state} [${reading.evidence}]${score}${detail(cluster.name, read)}${error}`;
    });
    const named = asked.scope.names ?? [];
    const healthy = named
      .filter((name) => !fleet.unhealthy.some((cluster) => cluster.name === name))
      .slice(0, DETAILED)
      .flatMap((name) => statusLine(name, read));
    const unchecked =
      (fleet.by_state['UNKNOWN'] ?? 0) > 0 ? 'UNKNOWN means that a cluster has not been checked yet.' : '';
    return paragraphs(
      shortenedLine(reading),
      head,
      [...worst, ...healthy],
      unchecked,
      wantsAlerts(asked) ? writeAlerts(asked, read) : writeCritical(asked, read),
    );
  },
};

/** A cluster whose endpoints are up may still have something in it that is not. */
function writeCritical(asked: Asked, read: Read): string {
  const answer = readAnswer(read(alertsCall(asked, 'CRITICAL')), AlertsAnswer, 'list_alerts');
  if (!answer.ok) return answer.why;
  const names = [...new Set(answer.value.alerts.map((alert) => alert.cluster_name))].sort();
  const head =
    names.length === 0 ? '' : `Clusters with CRITICAL alerts firing [${answer.reading.evidence}]: ${names.join(', ')}.`;
  return paragraphs(head, writeAlerts(asked, read, 'CRITICAL'));
}

function summaryCall(asked: Asked): PlannedCall {
  return { tool: 'get_fleet_summary', input: { ...asked.scope.argument } };
}

function statusCall(cluster: string): PlannedCall {
  return { tool: 'get_cluster_status', input: { cluster } };
}

/** Broad questions are about alerts as well as about health. */
function wantsAlerts({ question }: Asked): boolean {
  return /\b(?:problems?|issues?|wrong|overview|summary|going on|happening|ok|okay|fine|good|alright|well)\b|\bhow (?:is|are)\b/.test(
    question.words,
  );
}

function detailCalls(fleet: z.infer<typeof FleetSummary>, asked: Asked): PlannedCall[] {
  const names = [
    ...fleet.unhealthy.map((cluster) => cluster.name),
    ...(asked.scope.argument.clusters === undefined ? [] : (asked.scope.names ?? [])),
  ];
  return [...new Set(names)].slice(0, DETAILED).map(statusCall);
}

function statusOf(name: string, read: Read): { status: ClusterStatus; evidence: string } | undefined {
  const reading = read(statusCall(name));
  const answer = reading && readAnswer(reading, getClusterStatus.output, 'get_cluster_status');
  return answer?.ok ? { status: answer.value.status, evidence: answer.reading.evidence } : undefined;
}

/** ", Kubernetes API down, Prometheus up [E3]" for the endpoints that have been checked. */
function detail(name: string, read: Read): string {
  const known = statusOf(name, read);
  if (!known) return '';
  const { api_server_healthy: api, prometheus_healthy: prometheus, alertmanager_healthy: alertmanager } = known.status;
  const parts = (
    [
      ['Kubernetes API', api],
      ['Prometheus', prometheus],
      ['Alertmanager', alertmanager],
    ] as const
  )
    .filter(([, healthy]) => healthy !== null)
    .map(([endpoint, healthy]) => `${endpoint} ${healthy === true ? 'up' : 'down'}`);
  return parts.length === 0 ? '' : `, ${parts.join(', ')} [${known.evidence}]`;
}

function statusLine(name: string, read: Read): string[] {
  const known = statusOf(name, read);
  if (!known) return [];
  const { status, evidence } = known;
  const score = status.health_score === null ? '' : `, health score ${cite(status.health_score, evidence)}`;
  return [`- **${name}** is ${status.state} [${evidence}]${score}${detail(name, read)}`];
}
