import type { ComponentChildren } from 'preact';
import type { ApiFailure } from '../api/failure.ts';
import { Icon } from './Icon.tsx';
import { Shape, type Tone } from './Status.tsx';

/** What stands in place of a list: why there is nothing, and what to do next. */
export function StateView(props: { tone?: Tone; title: string; children?: ComponentChildren; live?: boolean }) {
  return (
    <div class="state-view" role={props.live ? 'status' : undefined}>
      {props.tone && <Shape tone={props.tone} />}
      <p class="state-title">{props.title}</p>
      {props.children && <div class="state-detail">{props.children}</div>}
    </div>
  );
}

export function Retry({ onRetry, label = 'Retry' }: { onRetry: () => void; label?: string }) {
  return (
    <button type="button" class="button" onClick={onRetry}>
      <Icon name="refresh" />
      {label}
    </button>
  );
}

/** Code and trace id of a failure: what a person quotes to whoever runs the server. */
export function FailureFacts({ failure }: { failure: { code: string; traceId: string | undefined } }) {
  return (
    <span class="failure-facts">
      <code>{failure.code}</code>
      {failure.traceId !== undefined && (
        <>
          {' · trace '}
          <code>{failure.traceId}</code>
        </>
      )}
    </span>
  );
}

/** A failed fetch: denied tells the permission, anything else can be tried again. */
export function FailureView({ what, failure, onRetry }: { what: string; failure: ApiFailure; onRetry: () => void }) {
  if (failure.denied) {
    return (
      <StateView tone="unknown" title={`You may not see ${what}.`}>
        <p>
          {failure.permission === undefined
            ? failure.message
            : `It needs the permission ${failure.permission}. ${failure.message}`}
        </p>
        <FailureFacts failure={failure} />
      </StateView>
    );
  }
  return (
    <StateView tone="critical" title={`Could not load ${what}.`} live>
      <p>{failure.message}</p>
      <p>
        <FailureFacts failure={failure} />
      </p>
      <Retry onRetry={onRetry} />
    </StateView>
  );
}
