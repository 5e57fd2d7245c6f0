import type { ClusterOutcome } from '../../backend/model/outcome.ts';
import { Banner } from './Banner.tsx';
import { Retry } from './StateView.tsx';

/** Most clusters named one by one. */
const MOST_NAMED = 5;

/** "3 of 4 clusters answered", who did not and why. Totals read "≥" while this shows. */
export function PartialBanner(props: {
  what: string;
  outcomes: readonly ClusterOutcome[];
  onRetry: () => void;
  /** What is asked again, where that is not everybody. */
  retry?: string;
  /** What that means for the numbers below. */
  consequence?: string;
}) {
  // A cluster that was left alone on purpose carries the reason as its error, and is missing like one that failed.
  const asked = props.outcomes.filter((o) => o.status !== 'SKIPPED' || o.error);
  const wrong = asked.filter((o) => o.status !== 'SUCCESS');
  const inPart = asked.filter((o) => o.status === 'PARTIAL').length;
  const answered = asked.length - wrong.length + inPart;
  return (
    <Banner>
      <div>
        <p>
          <b>
            {props.what}: {answered} of {asked.length} clusters answered{inPart > 0 && `, ${inPart} in part`}.
          </b>{' '}
          {props.consequence ?? 'Totals are lower bounds.'}
        </p>
        <ul class="banner-list">
          {wrong.slice(0, MOST_NAMED).map((o) => (
            <li key={o.cluster_id}>
              <b class="foreign">{o.cluster_name}</b> <span class="foreign">{reasonOf(o)}</span>
            </li>
          ))}
          {wrong.length > MOST_NAMED && <li>and {wrong.length - MOST_NAMED} more</li>}
        </ul>
      </div>
      <Retry onRetry={props.onRetry} label={props.retry ?? 'Ask again'} />
    </Banner>
  );
}

/** Why a cluster did not answer whole. */
export function reasonOf({ error, warnings, status }: ClusterOutcome): string {
  return error?.message ?? warnings?.[0] ?? status;
}
