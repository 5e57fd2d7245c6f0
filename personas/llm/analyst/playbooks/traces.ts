import { ServiceGraphAnswer, TraceAnswer, TraceSearchAnswer } from '../../../../backend/model/trace.ts';
import { cite, code, outcomeLines, paragraphs, shortenedLine, significant } from '../markdown.ts';
import type { Asked, PlannedCall, Playbook } from '../playbook.ts';
import type { Phrase, Question } from '../question.ts';
import { readAnswer } from '../read-answer.ts';
import { wordSet } from '../words.ts';

const LISTED = 15;
const STEPS = 5;
const ID = /(?<![\w-])([0-9a-f]{16,32})(?![\w-])/;
const NAME = String.raw`([a-z][a-z0-9_.-]{0,98}[a-z0-9])`;
/** Where the name of a service stands, most telling first. */
const SERVICE_PLACES: readonly RegExp[] = [
  new RegExp(String.raw`\bservice\s{1,9}${NAME}(?![\w-])`, 'd'),
  new RegExp(String.raw`(?<![\w-])${NAME}\s{1,9}service\b`, 'd'),
  new RegExp(
    String.raw`\b(?:calls?|calling|invokes?|uses?|of|for|from|through|does|into)\s{1,9}(?:the\s{1,9})?${NAME}(?![\w-])`,
    'd',
  ),
  new RegExp(String.raw`(?<![\w-])${NAME}(?:'s)?\s{1,9}(?:traces?|requests?)\b`, 'd'),
];
const NO_SERVICE = wordSet(`
  the a an all any my our slow slowest failed failing erroring errored error errors bad long longest recent latest newest last past
  show me trace traces tracing service services request requests cluster clusters call calls called production prod staging stage
  development dev lab hub edge spoke who what which is are in on it them each with without dependencies dependency graph map
`);
const COMMON = `
  trace traces tracing span spans request requests service services slow slowest slower long longest latency failed failing fails fail
  failure failures error errors erroring errored bad recent latest newest show
`;

/** The service that a question is about, with its place. */
function serviceOf({ words }: Question): { readonly name: string; readonly phrase: Phrase } | undefined {
  for (const place of SERVICE_PLACES) {
    const match = place.exec(words);
    const [, name] = match ?? [];
    const [start, end] = match?.indices?.[1] ?? [];
    if (name !== undefined && start !== undefined && end !== undefined && !NO_SERVICE.has(name) && !ID.test(name))
      return { name, phrase: { kind: 'selector', start, end } };
  }
  return undefined;
}

/** As an argument, unless it is the name of a cluster, which the scope has read. */
function serviceArgument({ question, fleet }: Asked): { service_name?: string } {
  const name = serviceOf(question)?.name;
  return name === undefined || fleet.clusters.some((cluster) => cluster.name === name) ? {} : { service_name: name };
}

function startOf({ question }: Asked): { start?: string } {
  return question.window === undefined ? {} : { start: `-${question.window}` };
}

function reads(question: Question): Phrase[] {
  const found = serviceOf(question);
  return found ? [found.phrase] : [];
}

const milliseconds = (ms: number, evidence: string) => cite(`${significant(ms)} ms`, evidence);

/** "show trace 2f3e0cee77ae5dc9c17ade3689eb2e54" */
export const tracePlaybook: Playbook = {
  id: 'trace',
  example: () => 'show trace 2f3e0cee77ae5dc9c17ade3689eb2e54',
  match: ({ words }) => /\btraces?\b/.test(words) && ID.test(words),
  honours: [],
  vocabulary: wordSet(`${COMMON} id explain analyse analyze why took`),
  reads: ({ words }) => {
    const match = ID.exec(words);
    return match ? [{ kind: 'selector', start: match.index, end: match.index + match[0].length }] : [];
  },
  plan: (asked) => [traceCall(asked)],
  write(asked, read) {
    const answer = readAnswer(read(traceCall(asked)), TraceAnswer, 'get_trace');
    if (!answer.ok) return answer.why;
    const { value, reading } = answer;
    const { evidence } = reading;
    const { trace, analysis } = value;
    const root =
      trace.root_service === null
        ? 'Its root span is missing'
        : `${code(trace.root_service)} ${code(trace.root_operation ?? '')}`;
    const origins = analysis.error_origins.map(({ service_name, operation_name, cluster_name, calls, message }) => {
      const callee = calls === undefined ? '' : ` calling ${code(calls)}`;
      return `- ${code(service_name)} ${code(operation_name)}${callee} on ${cluster_name}${message === undefined ? '' : `: ${code(message, 300)}`} [${evidence}]`;
    });
    const steps = analysis.critical_path
      .toSorted((a, b) => b.ms - a.ms)
      .slice(0, STEPS)
      .map(
        ({ service_name, operation_name, cluster_name, ms, share }) =>
          `- ${code(service_name)} ${code(operation_name)} on ${cluster_name}: ${milliseconds(ms, evidence)}, ${cite(`${Math.round(share * 100)} %`, evidence)}`,
      );
    return paragraphs(
      outcomeLines(value.clusters, evidence, 'Tempo'),
      shortenedLine(reading),
      `${root}: ${milliseconds(trace.duration_ms, evidence)}, ${cite(trace.span_count ?? 0, evidence)} spans of ${cite(trace.service_count ?? 0, evidence)} services on ${trace.clusters.join(', ')}, started ${trace.start_time} [${evidence}].`,
      origins.length === 0
        ? `No span of it failed [${evidence}].`
        : [`${cite(analysis.error_span_count, evidence)} spans failed; where it began:`, ...origins],
      steps.length === 0 ? '' : ['Where its time went (critical path):', ...steps],
      value.notes.map((note) => `Note: ${note} [${evidence}]`),
    );
  },
};

function traceCall({ question, scope }: Asked): PlannedCall {
  return { tool: 'get_trace', input: { trace_id: ID.exec(question.words)?.[1] ?? '', ...scope.argument } };
}

/** "slow traces of checkout", "failed requests of storefront in the last hour" */
export const tracesPlaybook: Playbook = {
  id: 'traces',
  example: (cluster) => `failed traces of checkout · slowest traces in ${cluster} in the last 30 minutes`,
  match: ({ words }) =>
    /\btraces\b/.test(words) ||
    /\b(?:slow|slowest|failed|failing|erroring)\s{1,9}(?:[\w-]{1,60}\s{1,9})?requests\b/.test(words),
  honours: ['window', 'limit'],
  vocabulary: wordSet(COMMON),
  reads,
  plan: (asked) => [searchCall(asked)],
  write(asked, read) {
    const answer = readAnswer(read(searchCall(asked)), TraceSearchAnswer, 'search_traces');
    if (!answer.ok) return answer.why;
    const { value, reading } = answer;
    const { evidence } = reading;
    const slow = isSlow(asked.question);
    const ordered = slow ? value.traces.toSorted((a, b) => b.duration_ms - a.duration_ms) : value.traces;
    const shown = ordered.slice(0, Math.min(LISTED, asked.question.limit));
    const lines = shown.map((trace) => {
      const root =
        trace.root_service === null
          ? 'root missing'
          : `${code(trace.root_service)} ${code(trace.root_operation ?? '')}`;
      return `- ${code(trace.trace_id)} ${root} on ${trace.clusters.join(' and ')}: ${milliseconds(trace.duration_ms, evidence)}${trace.has_errors === true ? ', with errors' : ''}, at ${trace.start_time} [${evidence}]`;
    });
    const { service_name: service } = serviceArgument(asked);
    const what = `${hasErrors(asked.question) ? 'traces with errors' : 'traces'}${service === undefined ? '' : ` of ${code(service)}`} in ${asked.scope.words}`;
    return paragraphs(
      outcomeLines(value.clusters, evidence, 'Tempo'),
      shortenedLine(reading),
      value.traces.length === 0
        ? `No ${what} between ${value.start} and ${value.end} [${evidence}]. Traces may be sampled, so none here does not mean none happened.`
        : `${value.more ? 'At least ' : ''}${cite(value.traces.length, evidence)} ${what}${slow ? `, the slowest of ${value.more ? 'the newest' : 'them'} first` : ', newest first'}:`,
      lines,
      value.notes.map((note) => `Note: ${note} [${evidence}]`),
      shown.length === 0 ? '' : 'Ask "show trace" with an id for where its time went and where its error began.',
    );
  },
};

function isSlow({ words }: Question): boolean {
  return /\b(?:slow|slowest|slower|long|longest|latency)\b/.test(words);
}

function hasErrors({ words }: Question): boolean {
  return /\b(?:fail\w{0,4}|error\w{0,3}|bad)\b/.test(words);
}

function searchCall(asked: Asked): PlannedCall {
  return {
    tool: 'search_traces',
    input: {
      ...serviceArgument(asked),
      ...(hasErrors(asked.question) ? { has_errors: true } : {}),
      ...startOf(asked),
      ...asked.scope.argument,
      // The slowest are picked here, out of as many as may be asked for.
      limit: isSlow(asked.question) ? 100 : Math.min(100, asked.question.limit),
    },
  };
}

/** "who calls checkout?", "what does storefront call", "service graph" */
export const serviceGraphPlaybook: Playbook = {
  id: 'service-graph',
  example: () => 'who calls checkout? · what does storefront call?',
  match: ({ words }) =>
    /\b(?:who|what|which\s{1,9}services?)\s{1,9}(?:calls?|depends?\s{1,9}on)\s{1,9}[a-z]/.test(words) ||
    /\bwhat\s{1,9}does\s{1,9}[\w.-]{1,100}\s{1,9}(?:call|use|depend)\b/.test(words) ||
    /\b(?:service\s{1,9}(?:graph|map)|dependenc(?:y|ies)|callers?\s{1,9}of)\b/.test(words),
  honours: ['window', 'limit'],
  vocabulary: wordSet(
    `${COMMON} call calls calling called caller callers use uses depend depends on graph map dependency dependencies`,
  ),
  reads,
  plan: (asked) => [graphCall(asked)],
  write(asked, read) {
    const answer = readAnswer(read(graphCall(asked)), ServiceGraphAnswer, 'get_service_graph');
    if (!answer.ok) return answer.why;
    const { value, reading } = answer;
    const { evidence } = reading;
    const { service_name: service } = serviceArgument(asked);
    const callersOnly = service !== undefined && /\b(?:who|callers?)\b/.test(asked.question.words);
    const edges = value.edges.filter(({ server }) => !callersOnly || server === service);
    const lines = edges.slice(0, LISTED).map((edge) => {
      const where =
        edge.server_cluster === undefined ? edge.cluster_name : `${edge.cluster_name} into ${edge.server_cluster}`;
      const p95 = edge.p95_ms === null ? '' : `, p95 ${milliseconds(edge.p95_ms, evidence)}`;
      return `- ${code(edge.client)} → ${code(edge.server)} on ${where}: ${cite(significant(edge.requests), evidence)} requests, ${cite(significant(edge.failed), evidence)} failed${p95}`;
    });
    const of = service === undefined ? '' : ` ${callersOnly ? 'into' : 'of'} ${code(service)}`;
    const how =
      value.source === 'METRICS'
        ? 'counted from metrics'
        : `seen in ${cite(value.sampled_traces ?? 0, evidence)} sampled traces, which are no rates`;
    return paragraphs(
      outcomeLines(value.clusters, evidence, value.source === 'METRICS' ? 'Prometheus' : 'Tempo'),
      shortenedLine(reading),
      edges.length === 0
        ? `No calls${of} are known in ${asked.scope.words} between ${value.start} and ${value.end} [${evidence}].`
        : `${cite(edges.length, evidence)} kinds of calls${of} in ${asked.scope.words}, ${how}:`,
      [...lines, ...(edges.length > LISTED ? [`- and ${cite(edges.length - LISTED, evidence)} more`] : [])],
      value.notes.map((note) => `Note: ${note} [${evidence}]`),
    );
  },
};

function graphCall(asked: Asked): PlannedCall {
  return {
    tool: 'get_service_graph',
    input: { ...serviceArgument(asked), ...startOf(asked), ...asked.scope.argument, limit: 100 },
  };
}
