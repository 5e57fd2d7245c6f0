import type { Severity } from '../../backend/model/alert.ts';
import type { ClusterState } from '../../backend/model/cluster.ts';

/** Status is always shape + word + colour, so that no one of the three is needed alone. */
export type Tone = 'critical' | 'warning' | 'info' | 'healthy' | 'unknown' | 'ai';

const STATE_TONE: Readonly<Record<ClusterState, Tone>> = {
  OFFLINE: 'critical',
  DEGRADED: 'warning',
  UNKNOWN: 'unknown',
  PROVISIONING: 'info',
  ONLINE: 'healthy',
};
const SEVERITY_TONE: Readonly<Record<Severity, Tone>> = { CRITICAL: 'critical', WARNING: 'warning', INFO: 'info' };

export function toneOfState(state: ClusterState): Tone {
  return STATE_TONE[state];
}

export function toneOfSeverity(severity: Severity): Tone {
  return SEVERITY_TONE[severity];
}

/** `FAR_EDGE` → `Far edge`: the wire's word for a person. */
export function words(wire: string): string {
  const text = wire.toLowerCase().replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** ◆ ▲ ● ✓ ? ✦ as drawings, so that no font decides their size. */
export function Shape({ tone }: { tone: Tone }) {
  return (
    <svg class={`shape tone-${tone}`} viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" focusable="false">
      {tone === 'critical' && <path d="M6 .5L11.5 6 6 11.5.5 6z" fill="currentColor" />}
      {tone === 'warning' && <path d="M6 .8L11.7 11H.3z" fill="currentColor" />}
      {tone === 'info' && <circle cx="6" cy="6" r="4.6" fill="currentColor" />}
      {tone === 'healthy' && (
        <path
          d="M1.5 6.5l3 3 6-7"
          fill="none"
          stroke="currentColor"
          stroke-width="2.2"
          stroke-linecap="round"
          stroke-linejoin="round"
        />
      )}
      {tone === 'unknown' && (
        <path
          d="M3.6 4a2.4 2.4 0 1 1 3.5 2.1C6.3 6.5 6 7 6 7.8M6 10.3v.2"
          fill="none"
          stroke="currentColor"
          stroke-width="1.9"
          stroke-linecap="round"
        />
      )}
      {tone === 'ai' && (
        <path d="M6 .5c.6 3.5 2 4.9 5.5 5.5C8 6.6 6.6 8 6 11.5 5.4 8 4 6.6.5 6 4 5.4 5.4 4 6 .5z" fill="currentColor" />
      )}
    </svg>
  );
}

export function StatusBadge({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span class={`badge tone-${tone}`}>
      <Shape tone={tone} />
      {children}
    </span>
  );
}
