import type { CredentialsValidation } from '../../backend/model/cluster.ts';
import { Shape, type Tone, words } from '../components/Status.tsx';
import { momentText } from './HealthChart.tsx';

type Status = CredentialsValidation['endpoints'][number]['status'];

const FACTS = {
  valid: ['healthy', 'Accepted'],
  invalid: ['critical', 'Refused'],
  expired: ['critical', 'Expired'],
  unreachable: ['critical', 'Not reachable'],
  insufficient_permissions: ['warning', 'Accepted, but may not read'],
} as const satisfies Record<Status, readonly [Tone, string]>;

/** How each endpoint took the credentials. */
export function ValidationView({ validation }: { validation: CredentialsValidation }) {
  return (
    <div class="validation" role="status">
      <p class="state-title">
        {validation.valid ? 'Every endpoint accepts it.' : 'Not every endpoint accepts it.'}{' '}
        <span class="muted">Tried {momentText(Date.parse(validation.checked_at))}</span>
      </p>
      <ul class="endpoint-list">
        {validation.endpoints.map((e) => (
          <li key={e.endpoint} data-validation={e.status}>
            <span class="endpoint-name">{e.endpoint === 'API' ? 'API server' : words(e.endpoint)}</span>
            <span class="endpoint-state">
              <Shape tone={FACTS[e.status][0]} />
              {FACTS[e.status][1]}
            </span>
            <span class="muted">{Math.round(e.latency_ms)} ms</span>
            {e.detail !== null && <span class="foreign">{e.detail}</span>}
          </li>
        ))}
      </ul>
    </div>
  );
}
