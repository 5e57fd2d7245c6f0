import type { ComponentChildren } from 'preact';
import type { ApiFailure } from '../api/failure.ts';
import { Age } from './Age.tsx';
import { FailureFacts, Retry } from './StateView.tsx';
import { Shape, type Tone } from './Status.tsx';

/** What is not complete, not current or needs attention, above what it concerns. */
export function Banner({ tone = 'warning', children }: { tone?: Tone; children: ComponentChildren }) {
  return (
    <div class={`banner banner-${tone}`} role="status">
      <Shape tone={tone} />
      {children}
    </div>
  );
}

/** What is shown is of `at`, in ms since the epoch, because fetching it again failed. */
export function StaleBanner(props: { what?: string; at: number; failure: ApiFailure; onRetry: () => void }) {
  const { what = 'Shown', at, failure, onRetry } = props;
  return (
    <Banner>
      <p>
        <b>
          {what} as of <Age at={at} />.
        </b>{' '}
        The last refresh failed: {failure.message} <FailureFacts failure={failure} />
      </p>
      <Retry onRetry={onRetry} />
    </Banner>
  );
}
