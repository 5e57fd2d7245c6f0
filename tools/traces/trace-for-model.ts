import { TraceAnswer } from '../../backend/model/trace.ts';
import type { ModelView } from '../define.ts';

const STEPS = 10;
const ROWS = 6;

/** A trace as a model reads it: its analysis and the tree in lines. The spans with their tags are evidence then. */
export const traceForModel: ModelView<TraceAnswer> = {
  output: TraceAnswer.omit({ spans: true }),
  view: ({ spans, analysis, ...rest }) => ({
    output: {
      ...rest,
      analysis: {
        ...analysis,
        critical_path: analysis.critical_path.slice(0, STEPS),
        services: analysis.services.slice(0, ROWS),
        operations: analysis.operations.slice(0, ROWS),
      },
    },
    whole: spans.length === 0,
  }),
};
