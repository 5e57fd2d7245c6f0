import type { ListedCluster } from '../../backend/model/cluster.ts';
import { alertsUrl } from '../alerts/alerts-view.ts';
import { NumberCell } from '../components/Numbers.tsx';
import { Shape, toneOfSeverity, toneOfState, words } from '../components/Status.tsx';
import {
  averageHealth,
  countByState,
  type FiringCount,
  type FleetFilter,
  fleetUrl,
  HEALTH_FORMULA,
  SEVERITIES,
  STATES,
} from './fleet-view.ts';

/**
 * The strip of numbers over the clusters that match the text filter. Each number links to the list that adds up to it.
 * `clusters` is undefined while unknown; every number is "—" then.
 */
export function FleetNumbers(props: {
  clusters: readonly ListedCluster[] | undefined;
  firing: FiringCount | undefined;
  filter: FleetFilter;
}) {
  const { clusters, firing, filter } = props;
  const counts = clusters && countByState(clusters);
  const health = clusters && averageHealth(clusters);
  return (
    <ul class="numbers" aria-label="Fleet in numbers">
      <NumberCell
        href={fleetUrl({ ...filter, state: undefined })}
        current={filter.state === undefined}
        label="Clusters"
      >
        {clusters?.length ?? '—'}
      </NumberCell>
      {STATES.map((state) => (
        <NumberCell
          key={state}
          href={fleetUrl({ ...filter, state })}
          current={filter.state === state}
          label={
            <>
              <Shape tone={toneOfState(state)} />
              {words(state)}
            </>
          }
          quiet={!counts?.[state]}
        >
          {counts?.[state] ?? '—'}
        </NumberCell>
      ))}
      <li class="number wide">
        <span class="number-label">Average health</span>
        <span class="number-value">
          {health?.average ?? '—'}
          {health?.average !== undefined && <span class="number-unit">/100</span>}
        </span>
        <span class="number-note">
          {health && `Mean of ${health.checked} checked. `}
          {HEALTH_FORMULA}
        </span>
      </li>
      <FiringCell firing={firing} href={firingUrl(filter)} />
    </ul>
  );
}

/** The list that adds up to the number; that of a text filter is on this page, because it is about clusters. */
function firingUrl(filter: FleetFilter): string {
  if (filter.text !== '') return fleetUrl({ ...filter, state: undefined }, '#alerts');
  return alertsUrl({ state: ['FIRING'], cluster: filter.cluster === undefined ? [] : [filter.cluster] });
}

function FiringCell({ firing, href }: { firing: FiringCount | undefined; href: string }) {
  const known = firing && firing.certainty !== 'UNKNOWN' ? firing : undefined;
  const bound = known?.certainty === 'AT_LEAST' ? '≥ ' : '';
  return (
    <li class="number wide">
      <a class="number-link" href={href}>
        <span class="number-label">Firing alerts</span>
        <span class="number-value">{known ? `${bound}${known.total}` : '—'}</span>
        <span class="number-note severities">
          {SEVERITIES.map((severity) => (
            <span key={severity} class={known?.bySeverity[severity] ? `tone-${toneOfSeverity(severity)}` : undefined}>
              <Shape tone={toneOfSeverity(severity)} />
              {known?.bySeverity[severity] ?? '—'}
              <span class="sr-only"> {words(severity).toLowerCase()}</span>
            </span>
          ))}
        </span>
      </a>
    </li>
  );
}
