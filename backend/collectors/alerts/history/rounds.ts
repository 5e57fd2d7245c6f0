import type { AlertSource } from '../../../model/alert.ts';
import { CLOCK_TOLERANCE_MS } from '../merge-alerts.ts';
import type { EpisodeBook } from './episode-book.ts';
import { type EpisodeRow, type Sighting, isNotified } from './sighting.ts';

/** How one half of a cluster answered a poll. NONE: the cluster has no such endpoint. */
export type Half = 'ANSWERED' | 'SILENT' | 'NONE';

export interface PollFindings {
  readonly sightings: readonly Sighting[];
  readonly prometheus: Half;
  readonly alertmanager: Half;
  readonly readAt: Date;
}

/** An alert has to be missing for at least so long, in two polls, before it counts as over: one poll may see a gap. */
const MISSING_MS = 10_000;
/** A notification without an Alertmanager to ask is believed this long without a repeat: twice and more OpenShift's 12 h. */
const WEBHOOK_BELIEVED_MS = 36 * 3_600_000;

/**
 * Brings the episodes in line with a poll. What is missing is over only when every half that has ever shown it answered, and
 * did not show it twice in a row; a half that failed proves nothing.
 */
export function applyPoll(book: EpisodeBook, poll: PollFindings, now: Date): void {
  const seen = book.see(poll.sightings, {
    readAt: poll.readAt,
    now,
    current: true,
    alertmanagerSilent: poll.alertmanager === 'SILENT',
  });
  for (const row of book.open) {
    // What was heard after the poll was read, the poll could not know.
    if (seen.has(row.id) || row.sources.includes('PLATFORM') || row.last_seen_at >= poll.readAt) continue;
    if (provesAbsence(row, poll)) miss(book, row, poll.readAt, now);
    else if (isForgotten(row, poll, now)) book.end(row, row.last_seen_at, now);
  }
}

function miss(book: EpisodeBook, row: EpisodeRow, readAt: Date, now: Date): void {
  if (row.missing_since === null) book.put({ ...row, missing_since: readAt });
  else if (readAt.getTime() - row.missing_since.getTime() >= MISSING_MS) book.end(row, row.missing_since, now);
}

function provesAbsence(row: EpisodeRow, { prometheus, alertmanager }: PollFindings): boolean {
  const halves: readonly [AlertSource, Half][] = [
    ['PROMETHEUS', prometheus],
    ['ALERTMANAGER', alertmanager],
    ['WEBHOOK', alertmanager],
  ];
  const needed = halves.filter(([source]) => row.sources.includes(source)).map(([, half]) => half);
  // An endpoint that was taken away cannot be asked any more; the other one decides alone.
  return needed.every((half) => half !== 'SILENT') && needed.includes('ANSWERED');
}

function isForgotten(row: EpisodeRow, { prometheus, alertmanager }: PollFindings, now: Date): boolean {
  const canBeAsked =
    (isNotified(row) && alertmanager !== 'NONE') || (row.sources.includes('PROMETHEUS') && prometheus !== 'NONE');
  return !canBeAsked && now.getTime() - row.last_seen_at.getTime() >= WEBHOOK_BELIEVED_MS;
}

/** An alert that a notification says is over. */
export interface Ending {
  readonly sighting: Sighting;
  readonly endsAt: Date;
}

export interface NotificationFindings {
  readonly firing: readonly Sighting[];
  readonly resolved: readonly Ending[];
}

/**
 * Brings the episodes in line with a notification, which may come twice, late and in any order. A start that is not known
 * closes the newest open episode of that fingerprint, because Alertmanager may give a resolved alert another start
 * (wire.md 2.3). What is over before it was known is recorded and told to nobody.
 */
export function applyNotification(book: EpisodeBook, { firing, resolved }: NotificationFindings, now: Date): void {
  const round = { readAt: now, now, current: false };
  book.see(firing, round);
  for (const { sighting, endsAt } of resolved) {
    const known = sameStart(book, sighting) ?? newestOpen(book, sighting, endsAt);
    if (known) {
      if (known.state === 'FIRING') book.end(known, endsAt, now);
      continue;
    }
    // What Prometheus alone knew becomes this one; what nobody knew is opened here, and ends with it.
    for (const id of book.see([sighting], round)) {
      const row = book.get(id);
      if (row) book.end(row, endsAt, now);
    }
  }
}

function sameStart(book: EpisodeBook, { fingerprint, startsAt }: Sighting): EpisodeRow | undefined {
  return book
    .known(fingerprint)
    .find((r) => r.fingerprint === fingerprint && r.starts_at.getTime() === startsAt.getTime());
}

function newestOpen(book: EpisodeBook, { fingerprint }: Sighting, endsAt: Date): EpisodeRow | undefined {
  return book
    .known(fingerprint)
    .filter((row) => row.state === 'FIRING' && row.fingerprint === fingerprint)
    .filter((row) => row.starts_at.getTime() <= endsAt.getTime() + CLOCK_TOLERANCE_MS)
    .sort((a, b) => b.starts_at.getTime() - a.starts_at.getTime())[0];
}
