import type { ApiFailure } from '../api/failure.ts';
import { FailureFacts } from './StateView.tsx';
import { Shape } from './Status.tsx';

/** Why something that was asked for was not done. */
export function ActionFailure({ failure }: { failure: ApiFailure }) {
  return (
    <div class="banner banner-critical" role="alert">
      <Shape tone="critical" />
      <p>
        {failure.denied && failure.permission !== undefined && `It needs the permission ${failure.permission}. `}
        <span class="foreign">{failure.message}</span> <FailureFacts failure={failure} />
      </p>
    </div>
  );
}
