import type { ListedCluster } from '../../backend/model/cluster.ts';
import type { Tone } from '../components/Status.tsx';

export const PLATFORM_WORDS = {
  OPENSHIFT: 'OpenShift',
  KUBERNETES: 'Kubernetes',
  MICROSHIFT: 'MicroShift',
} as const satisfies Record<ListedCluster['platform'], string>;

/** True while no change of state of this cluster is announced. `nowMs` is server time. */
export function inMaintenance(
  { maintenance_until: until }: Pick<ListedCluster, 'maintenance_until'>,
  nowMs: number,
): boolean {
  return until !== null && Date.parse(until) > nowMs;
}

/** How long before their end stored credentials are warned of (product.md §1). */
const WARN_MS = 7 * 86_400_000;

export interface CredentialsFact {
  readonly tone: Tone;
  readonly word: string;
}

/** Whether there are credentials and whether they still hold, in a word. `nowMs` is server time. */
export function credentialsFact(
  { has_credentials, credentials_expire_at: end }: Pick<ListedCluster, 'has_credentials' | 'credentials_expire_at'>,
  nowMs: number,
): CredentialsFact {
  if (!has_credentials) return { tone: 'unknown', word: 'None stored' };
  if (end === null) return { tone: 'healthy', word: 'Stored' };
  const left = Date.parse(end) - nowMs;
  if (left <= 0) return { tone: 'critical', word: 'Expired' };
  return left < WARN_MS ? { tone: 'warning', word: 'Expire soon' } : { tone: 'healthy', word: 'Stored' };
}
