import { useState } from 'preact/hooks';
import type { TraceAnalysis } from '../../../backend/model/trace.ts';
import { Shape } from '../../components/Status.tsx';
import { durationWords } from './waterfall.ts';

/** Rows of each list. */
const MOST = 8;

/** Where the time went and where errors began, as the server worked it out. Each span leads to its row. */
export function AnalysisPanel({ analysis, onSpan }: { analysis: TraceAnalysis; onSpan: (spanId: string) => void }) {
  const path = mergedPath(analysis);
  return (
    <div class="analysis">
      {analysis.error_origins.length > 0 && (
        <section>
          <h3>
            Errors begin here
            {analysis.error_origin_count > analysis.error_origins.length &&
              ` (${analysis.error_origins.length} of ${analysis.error_origin_count})`}
          </h3>
          <ul class="span-refs">
            {analysis.error_origins.slice(0, MOST).map((origin) => (
              <li key={origin.span_id}>
                <SpanButton span={origin} onSpan={onSpan} />
                {origin.message !== undefined && <span class="foreign muted">{origin.message}</span>}
              </li>
            ))}
          </ul>
        </section>
      )}
      <section>
        <h3>Critical path, by share of the duration</h3>
        <ul class="span-refs">
          {path.slice(0, MOST).map((step) => (
            <li key={step.span_id}>
              <span class="share">{Math.round(step.share * 100)} %</span>
              <SpanButton span={step} onSpan={onSpan} />
              <span class="muted">{durationWords(step.ms)}</span>
            </li>
          ))}
        </ul>
      </section>
      <Services analysis={analysis} />
    </div>
  );
}

interface Ref {
  readonly span_id: string;
  readonly service_name: string;
  readonly operation_name: string;
}

function SpanButton({ span, onSpan }: { span: Ref; onSpan: (spanId: string) => void }) {
  return (
    <button type="button" class="link-button foreign" onClick={() => onSpan(span.span_id)}>
      <b>{span.service_name}</b> {span.operation_name}
    </button>
  );
}

/** The steps of one span taken together, the largest share first. */
function mergedPath({ critical_path }: TraceAnalysis) {
  return [...Map.groupBy(critical_path, (step) => step.span_id).values()]
    .flatMap((steps) => {
      const [first] = steps;
      if (!first) return [];
      const sum = (of: (step: TraceAnalysis['critical_path'][number]) => number) =>
        steps.reduce((total, step) => total + of(step), 0);
      return [{ ...first, ms: sum((step) => step.ms), share: sum((step) => step.share) }];
    })
    .sort((a, b) => b.ms - a.ms);
}

function Services({ analysis: { services } }: { analysis: TraceAnalysis }) {
  const [all, setAll] = useState(false);
  const shown = all ? services : services.slice(0, MOST);
  return (
    <section>
      <h3>Self time by service</h3>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col">Self time</th>
            <th scope="col">Spans</th>
            <th scope="col">Errors</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((service) => (
            <tr key={service.service_name}>
              <th scope="row" class="foreign">
                {service.service_name}
              </th>
              <td>{durationWords(service.self_ms)}</td>
              <td>{service.spans}</td>
              <td>
                {service.errors > 0 && <Shape tone="critical" />} {service.errors}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {services.length > MOST && (
        <button type="button" class="button quiet small" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Fewer' : `All ${services.length}`}
        </button>
      )}
    </section>
  );
}
