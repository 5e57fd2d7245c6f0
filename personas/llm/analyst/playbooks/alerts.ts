import { type Alert, AlertsAnswer, Severity } from '../../../../backend/model/alert.ts';
import { type ClusterOutcome, hasNoEndpoint } from '../../../../backend/model/outcome.ts';
import { cite, code, outcomeLines, paragraphs, shortenedLine } from '../markdown.ts';
import type { Asked, PlannedCall, Playbook, Read } from '../playbook.ts';
import { readAnswer } from '../read-answer.ts';
import { isAbout } from '../subject.ts';
import { NEGATED, wordSet } from '../words.ts';

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

const SEVERITIES: readonly (readonly [Severity, string])[] = [
  ['CRITICAL', 'criticals?'],
  ['WARNING', 'warnings?'],
  ['INFO', 'info(?:rmational)?'],
];
const HISTORY =
  /\b(?:yesterday|today|tonight|fired|history|earlier|recent(?:ly)?|since|ago)\b|\b(?:last|past|previous)\s{1,9}(?!alerts?\b)[a-z0-9]/;

/** The time that a question about the past means, in the tool's words and in ours; undefined = it asks about now. */
function pastOf({ words, window }: Asked['question']): { readonly start: string; readonly text: string } | undefined {
  if (!HISTORY.test(words)) return undefined;
  // Without a clock a day has no beginning, so the hours that hold it are meant, and said.
  const span = window ?? (/\byesterday\b/.test(words) ? '48h' : '24h');
  return { start: `-${span}`, text: `in the last ${span}` };
}

/** "what is firing?", "critical alerts in edge-1", "pending alerts", "what fired last night?". */
export const alertsPlaybook: Playbook = {
  id: 'alerts',
  example: (cluster) => `what is firing? · critical alerts in ${cluster} · what fired in the last 12 hours?`,
  match: ({ words }) => /\b(?:firing|fired|fires|alerts?|alarms?|warnings|criticals|show me warnings?)\b/.test(words),
  honours: ['namespace', 'subject', 'window'],
  vocabulary: wordSet(`
    firing fired fires fire going off alert alerts alarm alarms critical criticals warning warnings info informational
    severity pending active open raised triggered last yesterday today tonight night overnight history earlier recent recently pod pods
  `),
  plan: (asked) => [alertsCall(asked)],
  write: (asked, read) => writeAlerts(asked, read),
};

/** Without `severity`, the severities that the question names. */
export function alertsCall({ question, scope, subject }: Asked, severity?: Severity): PlannedCall {
  const wanted = severity ? [severity] : severitiesOf(question.words);
  const past = severity ? undefined : pastOf(question);
  const state = past ? undefined : stateOf(question.words);
  const [only] = wanted;
  return {
    tool: 'list_alerts',
    input: {
      ...scope.argument,
      ...(state ? { state } : {}),
      ...(past ? { start: past.start } : {}),
      ...(only && wanted.length === 1 ? { severity: only } : {}),
      // What the tool cannot narrow by is narrowed here, from all that there is.
      limit: wanted.length > 1 || subject.words !== '' ? 1000 : 100,
    },
  };
}

export function writeAlerts(asked: Asked, read: Read, severity?: Severity): string {
  const answer = readAnswer(read(alertsCall(asked, severity)), AlertsAnswer, 'list_alerts');
  if (!answer.ok) return answer.why;
  const { value, reading } = answer;
  const wanted = severity ? [severity] : severitiesOf(asked.question.words);
  const isNarrowedHere = wanted.length > 1 || asked.subject.words !== '';
  const alerts = value.alerts.filter(
    (alert) => isAbout(alert.labels, asked.subject) && (wanted.length === 0 || wanted.includes(alert.severity)),
  );
  const total = isNarrowedHere ? alerts.length : value.total;
  const isLowerBound = !value.complete || (isNarrowedHere && (value.total > value.alerts.length || reading.shortened));
  const totals = Severity.options
    .map((one) => [
      one,
      isNarrowedHere ? alerts.filter((alert) => alert.severity === one).length : value.by_severity[one],
    ])
    .filter(([, count]) => count !== 0)
    .map(([name, count]) => cite(`${count} ${name}`, reading.evidence));
  const kind = wanted.length === 0 ? '' : `${wanted.join(' or ')} `;
  const past = severity ? undefined : pastOf(asked.question);
  const now = stateOf(asked.question.words)?.toLowerCase() ?? 'firing or pending';
  const where = `${asked.scope.words}${asked.subject.words}`;
  const counted = `${cite(total, reading.evidence)} ${kind}${total === 1 ? 'alert' : 'alerts'} ${past ? `fired ${past.text}` : now} in ${where}: ${totals.join(', ')}.`;
  const shown = alerts.slice(0, LISTED);
  const more = total > shown.length ? [`- and ${cite(total - shown.length, reading.evidence)} more`] : [];
  return paragraphs(
    outcomeLines(value.clusters, reading.evidence, 'Prometheus and Alertmanager'),
    shortenedLine(reading),
    total > 0
      ? `${isLowerBound ? 'At least ' : ''}${counted}`
      : noneLine(
          `${kind}alert`,
          past ? `in the history of ${where} ${past.text}` : `${now} in ${where}`,
          value.clusters,
          reading.evidence,
        ),
    [...shown.map((alert) => alertLine(alert, reading.evidence)), ...more],
  );
}

/** Silence is only good news from those that answered. */
function noneLine(alert: string, doing: string, outcomes: readonly ClusterOutcome[], evidence: string): string {
  const asked = outcomes.filter((outcome) => !hasNoEndpoint(outcome));
  if (asked.length === 0) return `No ${alert} is known to be ${doing}: no cluster could be asked [${evidence}].`;
  const silent = asked
    .filter((outcome) => outcome.status !== 'SUCCESS')
    .map((outcome) => {
      const [, service] = /^(Prometheus|Alertmanager): /.exec(outcome.error?.message ?? '') ?? [];
      return service && outcome.status === 'PARTIAL' ? `${service} of ${outcome.cluster_name}` : outcome.cluster_name;
    });
  if (silent.length === 0) return `No ${alert} is ${doing} [${evidence}].`;
  const names = `${silent.slice(0, 5).join(', ')}${silent.length > 5 ? ', …' : ''}`;
  return `No ${alert} is known to be ${doing}: ${names} did not answer [${evidence}], and what fires there is not known.`;
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
  return `- ${alert.severity} ${code(alert.alertname)} on ${alert.cluster_name}${about} ${timeOf(alert)}${quiet}${said} [${evidence}]`;
}

function timeOf({ starts_at, ends_at }: Alert): string {
  return ends_at === undefined ? `since ${starts_at}` : `from ${starts_at} to ${ends_at}`;
}

/** Undefined = both. */
function stateOf(words: string): 'FIRING' | 'PENDING' | undefined {
  if (!/\bpending\b/.test(words)) return 'FIRING';
  return /\bfiring\b/.test(words) ? undefined : 'PENDING';
}

/** Empty = any. "not critical" is left to be reported as not understood. */
function severitiesOf(words: string): Severity[] {
  return SEVERITIES.filter(([, pattern]) => {
    const match = new RegExp(String.raw`\b${pattern}\b`).exec(words);
    return match !== null && !NEGATED.test(words.slice(0, match.index));
  }).map(([severity]) => severity);
}
