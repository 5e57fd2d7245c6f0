import { useState } from 'preact/hooks';
import type { ClusterOutcome } from '../../backend/model/outcome.ts';
import { reasonOf } from '../components/PartialBanner.tsx';
import { StatusBadge, type Tone, words } from '../components/Status.tsx';

const TONE: Readonly<Record<ClusterOutcome['status'], Tone>> = {
  SUCCESS: 'healthy',
  PARTIAL: 'warning',
  ERROR: 'critical',
  TIMEOUT: 'critical',
  SKIPPED: 'unknown',
};

/** How each cluster fared in a question. `count` tells what it answered with, where that is known. */
export function Outcomes<T extends ClusterOutcome>(props: {
  outcomes: readonly T[];
  what: string;
  count?: ((outcome: T) => number) | undefined;
}) {
  const { outcomes, what, count } = props;
  const [open, setOpen] = useState(false);
  const skipped = outcomes.filter((o) => o.status === 'SKIPPED' && !o.error).length;
  const whole = outcomes.filter((o) => o.status === 'SUCCESS').length;
  return (
    <details class="twin" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {whole} of {outcomes.length - skipped} clusters answered whole
        {skipped > 0 && `, ${skipped} not asked`}
      </summary>
      {open && (
        <div class="twin-scroll" tabIndex={0} role="region" aria-label="How each cluster answered">
          <table class="table">
            <thead>
              <tr>
                <th scope="col">Cluster</th>
                <th scope="col">Outcome</th>
                {count && <th scope="col">{what}</th>}
                <th scope="col">Took</th>
                <th scope="col">Reason or warnings</th>
              </tr>
            </thead>
            <tbody>
              {outcomes.map((outcome) => (
                <tr key={outcome.cluster_id}>
                  <th scope="row" class="foreign">
                    {outcome.cluster_name}
                  </th>
                  <td>
                    <StatusBadge tone={TONE[outcome.status]}>{words(outcome.status)}</StatusBadge>
                  </td>
                  {count && (
                    <td>{outcome.status === 'SUCCESS' || outcome.status === 'PARTIAL' ? count(outcome) : '—'}</td>
                  )}
                  <td>{outcome.cached ? 'cached' : `${Math.round(outcome.query_time_ms)} ms`}</td>
                  <td class="foreign">
                    {outcome.status === 'SUCCESS' ? outcome.warnings?.join('; ') : reasonOf(outcome)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
