import type { AlertEventPayload } from '../../../model/alert.ts';
import type { TimedEvent } from '../../../platform/outbox.ts';
import type { EpisodeBook } from './episode-book.ts';
import type { EpisodeRow } from './sighting.ts';

/** What counts as flapping: more than so many episodes of one fingerprint in so many milliseconds. */
export interface FlapRule {
  readonly episodes: number;
  readonly windowMs: number;
}

/** A flapping alert that stays is told after so long, however often it came and went before. */
const SETTLED_MS = 300_000;
const MAX_SUMMARY = 500;

/** What is known of the recent past of one fingerprint. */
export interface Recent {
  /** Earlier episodes that were first seen within the window. */
  readonly episodes: number;
  /** Whether that it flaps has been told within the window. */
  readonly told: boolean;
}

/**
 * The events that the episodes owe, marked as told in the book. Each episode is told once when it fires and once when it is over:
 * not at all in maintenance (what still fires when it ends is told then), and damped while it flaps: the first episode beyond
 * the rule is told with `flapping`, the next ones only when they stay. An end is told only where the beginning was.
 */
export function announce(
  book: EpisodeBook,
  context: {
    readonly cluster: { readonly id: string; readonly name: string };
    readonly now: Date;
    readonly maintenance: boolean;
    readonly flapRule: FlapRule;
    /** Of fingerprints that opened an episode. */
    readonly recent: ReadonlyMap<string, Recent>;
  },
): TimedEvent[] {
  const { cluster, now, maintenance, flapRule, recent } = context;
  const events: TimedEvent[] = [];
  const tell = (row: EpisodeRow, event_type: 'ALERT_FIRED' | 'ALERT_RESOLVED') =>
    events.push({
      event_type,
      source: 'alerts',
      cluster_id: cluster.id,
      cluster_name: cluster.name,
      payload: { ...payloadOf(row) },
      at: now,
    });
  for (const known of book.rows) {
    let row = known;
    const { episodes, told } = recent.get(row.fingerprint) ?? { episodes: 0, told: false };
    const isNew = book.opened.has(row.id);
    if (isNew && episodes >= flapRule.episodes) row = book.put({ ...row, flapping: true });
    if (maintenance) continue;
    const settled = now.getTime() - row.first_seen_at.getTime() >= SETTLED_MS;
    const damped = row.flapping && !settled && (!isNew || told);
    if (row.state === 'FIRING' && row.fired_told_at === null && !damped) {
      tell(row, 'ALERT_FIRED');
      book.put({ ...row, fired_told_at: now });
    } else if (row.state === 'RESOLVED' && row.fired_told_at !== null && row.resolved_told_at === null) {
      tell(row, 'ALERT_RESOLVED');
      book.put({ ...row, resolved_told_at: now });
    }
  }
  return events;
}

function payloadOf(row: EpisodeRow): AlertEventPayload {
  const summary = row.annotations['summary'] ?? row.annotations['message'] ?? row.annotations['description'];
  return {
    episode_id: row.id,
    fingerprint: row.fingerprint,
    alertname: row.alertname,
    severity: row.severity,
    ...(row.namespace === null ? {} : { namespace: row.namespace }),
    ...(summary === undefined ? {} : { summary: summary.slice(0, MAX_SUMMARY) }),
    starts_at: row.starts_at.toISOString(),
    ...(row.ends_at === null ? {} : { ends_at: row.ends_at.toISOString() }),
    silenced: row.silenced,
    inhibited: row.inhibited,
    flapping: row.flapping,
    sources: row.sources,
  };
}
