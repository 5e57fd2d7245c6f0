import type { AlertsAnswer } from '../../backend/model/alert.ts';
import type { ListedCluster } from '../../backend/model/cluster.ts';
import { Banner, StaleBanner } from '../components/Banner.tsx';
import { Retry } from '../components/StateView.tsx';
import type { Loadable } from '../loadable.ts';

interface Props {
  readonly clusters: Loadable<ListedCluster[]>;
  readonly alerts: Loadable<AlertsAnswer>;
  readonly onRetry: () => void;
}

/** Most clusters named one by one. */
const MOST_NAMED = 5;

/** What is not complete or not current, above the numbers it concerns. */
export function FleetBanners({ clusters, alerts, onRetry }: Props) {
  if (clusters.status === 'ready' && clusters.failure) {
    return <StaleBanner at={clusters.at} failure={clusters.failure} onRetry={onRetry} />;
  }
  if (alerts.status === 'ready' && alerts.failure) {
    return <StaleBanner what="Alerts" at={alerts.at} failure={alerts.failure} onRetry={onRetry} />;
  }
  if (alerts.status !== 'ready' || alerts.value.complete) return null;
  return <PartialBanner outcomes={alerts.value.clusters} onRetry={onRetry} />;
}

/** "3 of 4 clusters answered", who did not and why. Totals read "≥" while this shows. */
function PartialBanner({ outcomes, onRetry }: { outcomes: AlertsAnswer['clusters']; onRetry: () => void }) {
  const asked = outcomes.filter((o) => o.status !== 'SKIPPED' || o.error);
  const wrong = asked.filter((o) => o.status !== 'SUCCESS');
  const inPart = asked.filter((o) => o.status === 'PARTIAL').length;
  const answered = asked.length - wrong.length + inPart;
  return (
    <Banner>
      <div>
        <p>
          <b>
            Alerts: {answered} of {asked.length} clusters answered{inPart > 0 && `, ${inPart} in part`}.
          </b>{' '}
          Totals are lower bounds.
        </p>
        <ul class="banner-list">
          {wrong.slice(0, MOST_NAMED).map((o) => (
            <li key={o.cluster_id}>
              <b>{o.cluster_name}</b> <span class="foreign">{o.error?.message ?? o.warnings?.[0] ?? o.status}</span>
            </li>
          ))}
          {wrong.length > MOST_NAMED && <li>and {wrong.length - MOST_NAMED} more</li>}
        </ul>
      </div>
      <Retry onRetry={onRetry} label="Ask again" />
    </Banner>
  );
}
