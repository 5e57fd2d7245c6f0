import type { MetricResult } from '../../../backend/model/metrics.ts';
import { Banner } from '../../components/Banner.tsx';
import { PartialBanner } from '../../components/PartialBanner.tsx';
import { StateView } from '../../components/StateView.tsx';
import { askAgainWords } from '../ask-failed.ts';
import { Outcomes } from '../Outcomes.tsx';
import type { MetricsView } from './metrics-view.ts';
import { MetricsChart } from './MetricsChart.tsx';
import type { ShownSeries, WholeAnswer } from './series.ts';
import { SeriesTable } from './SeriesTable.tsx';

/** What the clusters answered: what is missing, the lines, the series, and how each cluster fared. */
export function MetricsAnswerView(props: {
  answer: WholeAnswer;
  series: readonly ShownSeries[];
  view: MetricsView;
  text: string;
  onText: (text: string) => void;
  onRetry: () => void;
  /** Those that {@link onRetry} asks; empty = all. */
  again: readonly string[];
}) {
  const { answer, series, view, text, onText, onRetry } = props;
  return (
    <>
      {!answer.complete && (
        <PartialBanner
          what="Metrics"
          outcomes={answer.results}
          onRetry={onRetry}
          retry={askAgainWords(props.again)}
          // A sum is then a lower bound, an average is not; the notes of the answer say which.
          consequence={answer.aggregation ? 'Values are of those alone.' : 'Totals are lower bounds.'}
        />
      )}
      <Notes answer={answer} />
      {answer.results.length === 0 && (
        <StateView title="No cluster was asked.">
          <p>No cluster in your scope fits this choice of clusters.</p>
        </StateView>
      )}
      {answer.results.length > 0 && series.length === 0 && (
        <StateView
          title={answer.complete ? 'No series matches this query.' : 'No series came from the clusters that answered.'}
        >
          <p>Check the metric name and the labels, or widen the time range.</p>
        </StateView>
      )}
      {series.length > 0 && answer.range && (
        <MetricsChart answer={answer} range={answer.range} series={series} view={view} />
      )}
      {series.length > 0 && (
        <SeriesTable series={series} view={view} atLeast={!answer.complete} text={text} onText={onText} />
      )}
      {answer.results.length > 0 && (
        <Outcomes
          outcomes={answer.results}
          count={answer.aggregation ? undefined : (result: MetricResult) => result.data.length}
          what="Series"
        />
      )}
    </>
  );
}

function Notes({ answer: { notes, shortened } }: { answer: WholeAnswer }) {
  if (notes.length === 0 && !shortened) return null;
  return (
    <Banner tone="info">
      <ul class="banner-list">
        {notes.map((note) => (
          <li key={note} class="foreign">
            {note}
          </li>
        ))}
        {shortened && <li>The answer was too large to show whole: lists were cut at their ends. Narrow the query.</li>}
      </ul>
    </Banner>
  );
}
