import { MetricsAnswer } from '../../../../backend/model/metrics.ts';
import { cite, code, outcomeLines, paragraphs, shortenedLine } from '../markdown.ts';
import type { Asked, PlannedCall, Read } from '../playbook.ts';
import { readAnswer } from '../read-answer.ts';
import { matchersOf } from '../subject.ts';
import { alertsCall, writeAlerts } from './alerts.ts';

const LISTED = 15;

/** "is checkout healthy?": its containers, their restarts, and its alerts. What is healthy enough is for the reader to judge. */
export function workloadCalls(asked: Asked): PlannedCall[] {
  return [readyCall(asked), restartsCall(asked), alertsCall(asked)];
}

export function writeWorkload(asked: Asked, read: Read): string {
  const where = `${asked.scope.words}${asked.subject.words}`;
  const ready = readAnswer(read(readyCall(asked)), MetricsAnswer, 'query_metrics');
  const restarts = readAnswer(read(restartsCall(asked)), MetricsAnswer, 'query_metrics');
  return paragraphs(
    ready.ok ? outcomeLines(ready.value.results, ready.reading.evidence, 'Prometheus') : ready.why,
    ready.ok ? shortenedLine(ready.reading) : '',
    ready.ok ? readyLines(where, ready.value, ready.reading.evidence) : '',
    restarts.ok ? restartLines(where, restarts.value, restarts.reading.evidence) : restarts.why,
    writeAlerts(asked, read),
  );
}

function readyCall({ subject, scope }: Asked): PlannedCall {
  const query = `min by (namespace, pod) (kube_pod_container_status_ready{${matchersOf(subject).join(',')}})`;
  return { tool: 'query_metrics', input: { query, ...scope.argument } };
}

function restartsCall({ subject, scope }: Asked): PlannedCall {
  const metric = `kube_pod_container_status_restarts_total{${matchersOf(subject).join(',')}}`;
  const query = `topk(${LISTED}, sum by (namespace, pod) (increase(${metric}[1h])) > 0)`;
  return { tool: 'query_metrics', input: { query, ...scope.argument } };
}

interface PodValue {
  readonly pod: string;
  readonly value: number;
}

function podsOf(answer: MetricsAnswer): PodValue[] {
  return answer.results.flatMap((result) =>
    result.data.map(({ metric, values }) => ({
      pod: `${code(`${metric['namespace'] ?? ''}/${metric['pod'] ?? ''}`)} on ${result.cluster_name}`,
      value: Number(values.at(-1)?.[1] ?? Number.NaN),
    })),
  );
}

function readyLines(where: string, answer: MetricsAnswer, evidence: string): string[] {
  const pods = podsOf(answer);
  if (pods.length === 0) return [`kube-state-metrics says nothing about containers in ${where} [${evidence}].`];
  const waiting = pods.filter(({ value }) => value !== 1);
  return [
    `${cite(pods.length - waiting.length, evidence)} of ${cite(pods.length, evidence)} pods are ready in ${where}${waiting.length > 0 ? '; not ready:' : '.'}`,
    ...waiting.slice(0, LISTED).map(({ pod }) => `- ${pod} [${evidence}]`),
    ...(waiting.length > LISTED ? [`- and ${cite(waiting.length - LISTED, evidence)} more`] : []),
  ];
}

function restartLines(where: string, answer: MetricsAnswer, evidence: string): string[] {
  const pods = podsOf(answer);
  if (pods.length === 0) return [`No restart in the last hour is known in ${where} [${evidence}].`];
  return [
    `Restarts in the last hour, as Prometheus estimates them [${evidence}]:`,
    ...pods.map(({ pod, value }) => `- ${pod}: **${Math.round(value)}** [${evidence}]`),
  ];
}
