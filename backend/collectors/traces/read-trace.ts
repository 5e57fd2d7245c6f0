import type { Cluster } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import { type ClusterOutcome, describeOutcomes, isComplete } from '../../model/outcome.ts';
import type { Span, TraceAnswer, TraceSpansAnswer } from '../../model/trace.ts';
import { MAX_SPANS, type TempoTrace } from '../../spokes/tempo-trace.ts';
import type { TempoClient } from '../../spokes/tempo.ts';
import { type Fanout, questionOf } from '../fanout/fanout.ts';
import { type SignalQuestion, joinByName, signalClusters } from '../fanout/signal-clusters.ts';
import { type AnalysedTrace, analyseTrace } from './analyse-trace.ts';
import { TRACES } from './search-traces.ts';
import { type SpanNode, type SpanTree, type TracePart, joinParts } from './span-tree.ts';
import { toSpan, traceOf } from './trace-model.ts';
import { treeLines } from './tree-lines.ts';

export interface TraceQuestion extends SignalQuestion {
  /** 32 hex digits. */
  readonly traceId: string;
}

export interface TraceRequest extends TraceQuestion {
  /** Show the tree below this span only. */
  readonly below?: string | undefined;
  /** Most lines of the tree, and most spans. */
  readonly lines: number;
  readonly spans: number;
}

interface WholeTrace {
  readonly tree: SpanTree;
  readonly analysed: AnalysedTrace;
  readonly outcomes: ClusterOutcome[];
  readonly clusters: readonly Cluster[];
  readonly notes: string[];
}

/** Reads one trace from every cluster that may hold a part of it; see {@link createTracesCollector}. */
export function createTraceReader({ fanout, tempo }: { readonly fanout: Fanout; readonly tempo: TempoClient }) {
  async function read(wanted: TraceQuestion): Promise<WholeTrace> {
    const { traceId } = wanted;
    const { asked, skipped } = signalClusters(wanted, TRACES);
    const answer = await fanout.ask<TempoTrace | undefined>({
      ...questionOf(wanted),
      clusters: asked,
      kind: 'TEMPO',
      ask: async (target, _cluster, limits) => {
        const value = await tempo.trace(target, { traceId, ...limits });
        return {
          value,
          warnings: value?.partial === undefined ? [] : [`Its part of the trace is not whole: ${value.partial}`],
        };
      },
    });
    const outcomes = joinByName(answer.outcomes, skipped);
    const parts: TracePart[] = [];
    let room = MAX_SPANS;
    let left = 0;
    for (const { id, name } of asked) {
      const spans = answer.values.get(id)?.spans ?? [];
      if (spans.length > 0) parts.push({ cluster: name, spans: spans.slice(0, room) });
      left += Math.max(0, spans.length - room);
      room = Math.max(0, room - spans.length);
    }
    if (parts.length === 0) throw notThere(traceId, outcomes, answer.values.size);
    const tree = joinParts(parts);
    const notes = left === 0 ? [] : [`${left} spans past the ${MAX_SPANS} that are read are left out.`];
    return { tree, analysed: analyseTrace(tree), outcomes, clusters: asked, notes };
  }

  async function get(wanted: TraceRequest): Promise<TraceAnswer> {
    const { tree, analysed, outcomes, clusters, notes } = await read(wanted);
    const nodes = wanted.below === undefined ? tree.nodes : below(tree, wanted.below);
    const { lines, ...tree_of } = treeLines(nodes, analysed, wanted.lines);
    const spans = nodes.slice(0, wanted.spans).map(spanOf(analysed));
    const cut =
      nodes.length > spans.length
        ? [`spans holds ${spans.length} of ${nodes.length}; /traces/{trace_id}/spans pages them.`]
        : [];
    return {
      trace: traceOf(wanted.traceId, tree, analysed, clusters),
      analysis: analysed.analysis,
      tree: lines,
      tree_of,
      spans,
      clusters: outcomes,
      complete: isComplete(outcomes),
      notes: [...notes, ...cut, ...observations(tree, analysed)],
    };
  }

  async function spans(
    wanted: TraceQuestion & { readonly page: number; readonly pageSize: number },
  ): Promise<TraceSpansAnswer> {
    const { page, pageSize } = wanted;
    const { tree, analysed, outcomes } = await read(wanted);
    return {
      trace_id: wanted.traceId,
      items: tree.nodes.slice((page - 1) * pageSize, page * pageSize).map(spanOf(analysed)),
      total: tree.nodes.length,
      page,
      page_size: pageSize,
      total_pages: Math.ceil(tree.nodes.length / pageSize),
      clusters: outcomes,
      complete: isComplete(outcomes),
    };
  }

  return { get, spans };
}

function spanOf({ selfMs }: AnalysedTrace): (node: SpanNode) => Span {
  return (node) => toSpan(node, selfMs.get(node) ?? 0);
}

function below(tree: SpanTree, spanId: string): SpanNode[] {
  const top = tree.nodes.findIndex(({ id }) => id === spanId);
  const head = tree.nodes[top];
  if (!head) {
    const message = `The trace has no span ${JSON.stringify(spanId)}.`;
    throw new AppError('VALIDATION_FAILED', message, {
      details: { issues: [{ field: 'span_id', message }] },
      hint: 'Leave span_id out to see the whole tree.',
    });
  }
  const after = tree.nodes.slice(top + 1);
  // Depth first: everything below it follows it, up to the next span that is not deeper.
  const end = after.findIndex(({ depth }) => depth <= head.depth);
  return [head, ...(end === -1 ? after : after.slice(0, end))];
}

/** What a reader would otherwise take for a fact. */
function observations(tree: SpanTree, { analysis }: AnalysedTrace): string[] {
  const rooted = tree.roots.some(({ orphan }) => !orphan);
  return [
    ...(rooted ? [] : ['The root span is in none of these clusters; start and duration are those of what is here.']),
    ...(rooted && analysis.orphan_count > 0
      ? [
          `${analysis.orphan_count} spans have a parent that none of these clusters holds, so parts of the trace are missing.`,
        ]
      : []),
    ...analysis.clock_skews.map(
      ({ cluster_name, caller_cluster, offset_ms }) =>
        `The clock of ${cluster_name} is ${Math.abs(offset_ms)} ms ${offset_ms < 0 ? 'behind' : 'ahead of'} that of ${caller_cluster}; times are as each told them.`,
    ),
  ];
}

function notThere(traceId: string, outcomes: readonly ClusterOutcome[], answered: number): AppError {
  const asked = outcomes.filter(({ status }) => status !== 'SKIPPED');
  if (asked.length === 0) {
    return new AppError('TEMPO_NOT_AVAILABLE', 'None of the clusters in scope has a Tempo.', {
      hint: 'Set tempo_url among the endpoints of a cluster (update_cluster).',
    });
  }
  if (answered === 0) {
    return new AppError(
      'TEMPO_NOT_AVAILABLE',
      `No Tempo could be asked for the trace: ${describeOutcomes(outcomes)}.`,
      {
        details: { trace_id: traceId, clusters: outcomes.slice(0, 100) },
      },
    );
  }
  const some = answered < asked.length ? ' among the clusters that answered' : '';
  return new AppError('TRACE_NOT_FOUND', `There is no trace ${traceId}${some}: ${describeOutcomes(outcomes)}.`, {
    details: { trace_id: traceId, complete: isComplete(outcomes) },
    hint: 'It may be past the retention of Tempo or not written yet; search_traces finds others.',
  });
}
