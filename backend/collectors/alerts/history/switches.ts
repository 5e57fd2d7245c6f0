import type { Switch, Switches } from '../../../model/alert.ts';
import type { EpisodeBook } from './episode-book.ts';
import { fingerprintOf } from '../fingerprint.ts';
import type { EpisodeRow, Sighting } from './sighting.ts';

/** When a cluster's own alerting counts as broken. */
export interface SwitchRules {
  /** Expect one in every cluster, also where none was ever seen. */
  readonly watchdogRequired: boolean;
  /** How long something has to be missing. */
  readonly graceMs: number;
}

/** What a poll saw of the alerting itself. Undefined = it could not see, which is neither good nor bad. */
export interface Observed {
  readonly watchdog?: boolean | undefined;
  /** True: targets are scraped. */
  readonly targets?: boolean | undefined;
  /** True: Alertmanager has alerts that Prometheus fires. False: Prometheus fires some and it has none of them. */
  readonly delivery?: boolean | undefined;
  /** Every endpoint of the cluster answered. */
  readonly whole: boolean;
}

type SwitchName = 'watchdog' | 'targets' | 'delivery';

/** Our own alerts by switch. */
export const PLATFORM_ALERTS: Readonly<
  Record<SwitchName, { alertname: string; summary: string; description: string }>
> = {
  watchdog: {
    alertname: 'AIOpsWatchdogMissing',
    summary: 'The alert that always fires does not.',
    description:
      'The Watchdog alert is missing from this cluster, so its rules may not be evaluated and its other alerts may be missing too.',
  },
  targets: {
    alertname: 'AIOpsTargetsStale',
    summary: 'Prometheus answers, but nothing has been scraped for a while.',
    description:
      'The newest sample of `up` is old or gone: metrics and alerts of this cluster do not show its present state.',
  },
  delivery: {
    alertname: 'AIOpsAlertsNotDelivered',
    summary: 'Alerts that Prometheus fires do not reach Alertmanager.',
    description: 'Prometheus of this cluster fires alerts and its Alertmanager has none of them: nobody is notified.',
  },
};

/**
 * Turns the dead-man's switches and opens or ends their alerts. A switch is armed by having been seen working once, so a cluster
 * without a Watchdog never raises a false alarm, unless one is required.
 */
export function turnSwitches(
  book: EpisodeBook,
  before: Switches,
  observed: Observed,
  context: { readonly clusterName: string; readonly rules: SwitchRules; readonly now: Date },
): Switches {
  const { clusterName, rules, now } = context;
  const after: Switches = { ...before };
  if (observed.whole) after.answered_at = toTheMinute(before.answered_at, now);
  for (const name of ['watchdog', 'targets', 'delivery'] as const) {
    const works = observed[name];
    const required = name === 'watchdog' && rules.watchdogRequired;
    const known = turn(before[name] ?? {}, works, required, now);
    if (known !== before[name]) after[name] = known;
    const sighting = sightingOfSwitch(name, clusterName, known.missing_since);
    const open = platformEpisode(book, sighting.fingerprint);
    const missingMs = known.missing_since === undefined ? 0 : now.getTime() - Date.parse(known.missing_since);
    if (open && works === true) book.end(open, now, now);
    else if (!open && works === false && known.missing_since !== undefined && missingMs >= rules.graceMs)
      book.see([sighting], { readAt: now, now, current: true });
  }
  return after;
}

function turn(known: Switch, works: boolean | undefined, required: boolean, now: Date): Switch {
  if (works === true) {
    const seen_at = toTheMinute(known.seen_at, now);
    return seen_at === known.seen_at && known.missing_since === undefined ? known : { seen_at };
  }
  if (works === undefined || known.missing_since !== undefined) return known;
  if (known.seen_at === undefined && !required) return known;
  return { ...known, missing_since: now.toISOString() };
}

/** Times are kept to the minute, so that not every poll writes a row. */
function toTheMinute(known: string | undefined, now: Date): string {
  return known !== undefined && now.getTime() - Date.parse(known) < 60_000 ? known : now.toISOString();
}

function sightingOfSwitch(name: SwitchName, cluster: string, since: string | undefined): Sighting {
  const { alertname, ...annotations } = PLATFORM_ALERTS[name];
  const labels = { alertname, cluster, severity: 'critical' };
  return {
    fingerprint: fingerprintOf(labels),
    startsAt: new Date(since ?? 0),
    labels,
    annotations,
    generatorUrl: null,
    sources: ['PLATFORM'],
  };
}

function platformEpisode(book: EpisodeBook, fingerprint: string): EpisodeRow | undefined {
  return book.known(fingerprint).find((row) => row.state === 'FIRING');
}
