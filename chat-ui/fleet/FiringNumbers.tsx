import { Shape, toneOfSeverity, words } from '../components/Status.tsx';
import { alertsUrl } from '../alerts/alerts-view.ts';
import { type FiringCount, SEVERITIES } from './fleet-view.ts';

/** Firing alerts by severity, as a link to the list that adds up to them. What could not be asked is "—" and never 0. */
export function FiringNumbers({ count, cluster }: { count: FiringCount | undefined; cluster: string }) {
  if (!count || count.certainty === 'UNKNOWN') {
    return (
      <span class="muted" title={count?.error}>
        Alerts — <span class="sr-only">{cluster} could not be asked: </span>
        {count?.error !== undefined && <span class="firing-error foreign">{count.error}</span>}
      </span>
    );
  }
  if (count.certainty === 'NONE') return <span class="muted">No source of alerts</span>;
  const bound = count.certainty === 'AT_LEAST' ? '≥ ' : '';
  const muted = count.muted > 0 && (
    <a class="muted" href={alertsUrl({ cluster: [cluster], state: ['SILENCED', 'INHIBITED'] })}>
      {bound}
      {count.muted} silenced
      <span class="sr-only"> on {cluster}</span>
    </a>
  );
  if (count.total === 0) {
    return (
      <>
        <span class="muted">{bound === '' ? 'Nothing fires' : 'Nothing fires in the part that answered'}</span>
        {muted}
      </>
    );
  }
  return (
    <>
      <a class="firing" href={alertsUrl({ cluster: [cluster], state: ['FIRING'] })}>
        {SEVERITIES.filter((severity) => count.bySeverity[severity] > 0).map((severity) => (
          <span key={severity} class={`tone-${toneOfSeverity(severity)}`}>
            <Shape tone={toneOfSeverity(severity)} />
            {bound}
            {count.bySeverity[severity]} {words(severity).toLowerCase()}
          </span>
        ))}
        <span class="sr-only">firing on {cluster}</span>
      </a>
      {muted}
    </>
  );
}
