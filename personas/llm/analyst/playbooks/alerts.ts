import { type Alert, AlertsAnswer, type Severity } from '../../../../backend/model/alert.ts';
import { cite, code, outcomeLines, paragraphs, shortenedLine } from '../markdown.ts';
import type { Asked, PlannedCall, Playbook, Read } from '../playbook.ts';
import { readAnswer } from '../read-answer.ts';

const LISTED = 15;
/** Labels that say what an alert is about, most telling first. */
const SUBJECT_LABELS = [
  'namespace',
  'deployment',
  'statefulset',
  'daemonset',
  'pod',
  'job_name',
  'node',
  'instance',
] as const;

/** "what is firing?", "critical alerts in edge-1", "pending alerts". */
export const alertsPlaybook: Playbook = {
  id: 'alerts',
  example: 'what is firing? · critical alerts in edge-1',
  match: ({ words }) => /\b(?:firing|fired|alerts?|alarms?)\b/.test(words),
  plan: (asked) => [alertsCall(asked)],
  write: writeAlerts,
};

export function alertsCall({ question, scope }: Asked): PlannedCall {
  const severity = severityOf(question.words);
  return {
    tool: 'list_alerts',
    input: { ...scope.argument, state: stateOf(question.words), ...(severity ? { severity } : {}), limit: 100 },
  };
}

export function writeAlerts(asked: Asked, read: Read): string {
  const answer = readAnswer(read(alertsCall(asked)), AlertsAnswer, 'list_alerts');
  if (!answer.ok) return answer.why;
  const { value, reading } = answer;
  const state = stateOf(asked.question.words);
  const severity = severityOf(asked.question.words);
  const doing = `${severity ? `${severity} ` : ''}${state === 'FIRING' ? 'firing' : 'pending'}`;
  const totals = Object.entries(value.by_severity)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => cite(`${count} ${name}`, reading.evidence));
  const head =
    value.total === 0
      ? `No alert is ${doing} in ${asked.scope.words} [${reading.evidence}].`
      : `${cite(value.total, reading.evidence)} ${value.total === 1 ? 'alert' : 'alerts'} ${doing} in ${asked.scope.words}: ${totals.join(', ')}.`;
  const shown = value.alerts.slice(0, LISTED);
  const more = value.total > shown.length ? [`- and ${cite(value.total - shown.length, reading.evidence)} more`] : [];
  return paragraphs(
    outcomeLines(value.clusters, reading.evidence, 'Prometheus and Alertmanager'),
    shortenedLine(reading),
    head,
    [...shown.map((alert) => alertLine(alert, reading.evidence)), ...more],
  );
}

function alertLine(alert: Alert, evidence: string): string {
  const subject = SUBJECT_LABELS.flatMap((label) =>
    alert.labels[label] === undefined ? [] : `${label} ${code(alert.labels[label])}`,
  ).slice(0, 3);
  const about = subject.length > 0 ? ` (${subject.join(', ')})` : '';
  const marks = [...(alert.silenced ? ['silenced'] : []), ...(alert.inhibited ? ['inhibited'] : [])];
  const quiet = marks.length > 0 ? `, ${marks.join(' and ')}` : '';
  const summary = alert.annotations['summary'] ?? alert.annotations['description'] ?? alert.annotations['message'];
  const said = summary === undefined ? '' : ` — ${code(summary, 200)}`;
  return `- ${alert.severity} ${code(alert.alertname)} on ${alert.cluster_name}${about} since ${alert.starts_at}${quiet}${said} [${evidence}]`;
}

function stateOf(words: string): 'FIRING' | 'PENDING' {
  return /\bpending\b/.test(words) ? 'PENDING' : 'FIRING';
}

function severityOf(words: string): Severity | undefined {
  if (/\bcritical\b/.test(words)) return 'CRITICAL';
  if (/\bwarnings?\b/.test(words)) return 'WARNING';
  return undefined;
}
