import type { ComponentChildren } from 'preact';
import type { ClusterOutcome } from '../../backend/model/outcome.ts';
import { StaleBanner } from '../components/Banner.tsx';
import { PartialBanner } from '../components/PartialBanner.tsx';
import { FailureView, StateView } from '../components/StateView.tsx';
import { Outcomes } from '../observability/Outcomes.tsx';
import type { RunState } from '../observability/query-run.ts';

/** What an answer of many clusters says of them; one of a single cluster says nothing. */
interface Covered {
  readonly complete?: boolean;
  readonly clusters?: readonly ClusterOutcome[];
}

/** What stands in place of an answer; or the answer, how old it is, what is missing of it, and how each cluster fared. */
export function Answer<T extends object>(props: {
  state: RunState<T>;
  /** As in "the GPUs". */
  what: string;
  title: string;
  onRetry: () => void;
  children: (answer: T) => ComponentChildren;
}) {
  const { state, what, title, onRetry } = props;
  if (state.status === 'loading') return <StateView title="Asking the clusters…" live />;
  if (state.status === 'cancelled' || state.status === 'idle') return null;
  if (state.status === 'failed') return <FailureView what={what} failure={state.failure} onRetry={onRetry} />;
  const { complete, clusters = [] }: Covered = state.value;
  return (
    <>
      {state.failure && <StaleBanner what={title} at={state.at} failure={state.failure} onRetry={onRetry} />}
      {complete === false && <PartialBanner what={title} outcomes={clusters} onRetry={onRetry} />}
      {props.children(state.value)}
      {clusters.length > 0 && <Outcomes outcomes={clusters} what="" />}
    </>
  );
}
