import { digestClusters } from '../../backend/collectors/metrics/series-digest.ts';
import { type FoundTrace, type TraceSearchAnswer, TracesForModel } from '../../backend/model/trace.ts';
import type { ModelView } from '../define.ts';

const SHOWN_SPANS = 3;
const NAME_LENGTH = 120;
/** Told already with the span's name. */
const UNTOLD: ReadonlySet<string> = new Set(['service.name', 'name', 'status']);

/** What a search for traces found, as a model reads it. */
export const tracesForModel: ModelView<TraceSearchAnswer> = {
  output: TracesForModel,
  view: ({ traces, clusters, ...answer }) => ({
    output: { ...answer, traces: traces.map(shownTrace), clusters: digestClusters(clusters) },
    whole: traces.every(
      ({ spans }) => spans.length <= SHOWN_SPANS && spans.every(({ tags }) => Object.keys(tags).every(isTold)),
    ),
  }),
};

const isTold = (tag: string) => UNTOLD.has(tag);

function shownTrace({ cluster_id: _id, cluster_name: _name, spans, ...trace }: FoundTrace) {
  return {
    ...trace,
    root_service: trace.root_service === null ? null : shortened(trace.root_service),
    root_operation: trace.root_operation === null ? null : shortened(trace.root_operation),
    spans: spans.slice(0, SHOWN_SPANS).map(({ operation_name, duration_ms, tags }) => {
      const words = [tags['service.name'], operation_name, `${duration_ms} ms`, tags['status']];
      return words.flatMap((word) => (word === undefined ? [] : [shortened(word)])).join(' ');
    }),
  };
}

function shortened(text: string): string {
  return text.length > NAME_LENGTH ? `${text.slice(0, NAME_LENGTH - 1)}…` : text;
}
