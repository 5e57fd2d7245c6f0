import type { AlertsAnswer } from '../../backend/model/alert.ts';
import type { ListedCluster } from '../../backend/model/cluster.ts';
import { StaleBanner } from '../components/Banner.tsx';
import { PartialBanner } from '../components/PartialBanner.tsx';
import type { Loadable } from '../loadable.ts';

interface Props {
  readonly clusters: Loadable<ListedCluster[]>;
  readonly alerts: Loadable<AlertsAnswer>;
  readonly onRetry: () => void;
}

/** What is not complete or not current, above the numbers it concerns. */
export function FleetBanners({ clusters, alerts, onRetry }: Props) {
  if (clusters.status === 'ready' && clusters.failure) {
    return <StaleBanner at={clusters.at} failure={clusters.failure} onRetry={onRetry} />;
  }
  if (alerts.status === 'ready' && alerts.failure) {
    return <StaleBanner what="Alerts" at={alerts.at} failure={alerts.failure} onRetry={onRetry} />;
  }
  if (alerts.status !== 'ready' || alerts.value.complete) return null;
  return <PartialBanner what="Alerts" outcomes={alerts.value.clusters} onRetry={onRetry} />;
}
