import { CLOCK_TOLERANCE_MS } from '../merge-alerts.ts';
import { type EpisodeRow, type Sighting, described, isNotified, newEpisode } from './sighting.ts';

/** An open episode that goes on is written again this often, not at every poll. */
const LAST_SEEN_STEP_MS = 300_000;
/** Open episodes of one cluster; what fires beyond that is not recorded. */
const MAX_OPEN = 10_000;

/** What a round of sightings is allowed to conclude. */
export interface Round {
  /** When it was read, or arrived. What was learnt later than that wins. */
  readonly readAt: Date;
  readonly now: Date;
  /** A poll says what fires now, so it may open an episode anew that was thought over; a notification may be an old one. */
  readonly current: boolean;
  /** The cluster has an Alertmanager and it did not answer: what only Prometheus lists proves nothing about its start. */
  readonly alertmanagerSilent?: boolean;
}

/**
 * The episodes of one cluster in memory, while its row is locked: which sighting is which episode. Rows are the open ones and
 * those that have the identity of a sighting. `newId` gives UUIDs.
 */
export class EpisodeBook {
  readonly #clusterId: string;
  readonly #newId: () => string;
  readonly #rows = new Map<string, EpisodeRow>();
  /** Ids by what an episode may be found by; an entry may be out of date, so what is found is looked at again. */
  readonly #index = new Map<string, Set<string>>();
  /** To be written. */
  readonly changed = new Map<string, EpisodeRow>();
  /** Those of {@link changed} that are new. */
  readonly opened = new Set<string>();
  /** Sightings that were not recorded because too much is open. */
  overflow = 0;

  constructor(clusterId: string, rows: readonly EpisodeRow[], newId: () => string) {
    this.#clusterId = clusterId;
    this.#newId = newId;
    for (const row of rows) this.#keep(row);
  }

  #keep(row: EpisodeRow): void {
    this.#rows.set(row.id, row);
    for (const key of [row.fingerprint, row.rule_fingerprint])
      if (key !== null) this.#index.set(key, (this.#index.get(key) ?? new Set()).add(row.id));
  }

  get(id: string): EpisodeRow | undefined {
    return this.#rows.get(id);
  }

  /** Those that have, or had until something better was known, this fingerprint. */
  known(fingerprint: string | undefined): EpisodeRow[] {
    if (fingerprint === undefined) return [];
    return [...(this.#index.get(fingerprint) ?? [])].flatMap((id) => this.#rows.get(id) ?? []);
  }

  /** All of them, as they are now. */
  get rows(): readonly EpisodeRow[] {
    return [...this.#rows.values()];
  }

  get open(): readonly EpisodeRow[] {
    return this.rows.filter((row) => row.state === 'FIRING');
  }

  put(row: EpisodeRow): EpisodeRow {
    this.#keep(row);
    this.changed.set(row.id, row);
    return row;
  }

  /** Ends an episode. It began before it ended, whatever two clocks say. */
  end(row: EpisodeRow, endsAt: Date, now: Date): EpisodeRow {
    const ends = Math.max(row.starts_at.getTime(), Math.min(endsAt.getTime(), now.getTime()));
    return this.put({
      ...row,
      state: 'RESOLVED',
      ends_at: new Date(ends),
      resolved_seen_at: now,
      missing_since: null,
    });
  }

  /**
   * Finds or opens the episode of each sighting. First by identity, then by fingerprint, then, because external labels exist on
   * Alertmanager's side only, by labels: the most specific choose first and nobody is chosen twice (`merge-alerts.ts`).
   * Returns the ids of the episodes that were seen.
   */
  see(sightings: readonly Sighting[], round: Round): Set<string> {
    const seen = new Set<string>();
    const place = (sighting: Sighting, row: EpisodeRow | undefined) => {
      if (row) seen.add(row.id);
      return row !== undefined;
    };
    let left = sightings.filter((s) => !place(s, this.#byIdentity(s, round)));
    left = left.filter((s) => !place(s, this.#byFingerprint(s, round)));
    left = this.#byLabels(left, seen, round);
    for (const sighting of left) {
      const row = this.#open(sighting, round);
      if (row) seen.add(row.id);
    }
    return seen;
  }

  #byIdentity(sighting: Sighting, round: Round): EpisodeRow | undefined {
    const { fingerprint, startsAt, rule } = sighting;
    const same = (a: Date | null, b: Date | undefined) => a !== null && a.getTime() === b?.getTime();
    const candidates = [...this.known(fingerprint), ...this.known(rule?.fingerprint)].filter(
      (row) =>
        (row.fingerprint === fingerprint && same(row.starts_at, startsAt)) ||
        (row.rule_fingerprint === rule?.fingerprint && same(row.active_at, rule?.activeAt)),
    );
    const row = candidates.find((r) => r.state === 'FIRING') ?? candidates[0];
    if (!row) return undefined;
    if (row.state === 'FIRING') return this.#refresh(row, sighting, round);
    const learntLater = row.resolved_seen_at !== null && row.resolved_seen_at >= round.readAt;
    if (!round.current || learntLater || this.known(row.fingerprint).some((r) => r.state === 'FIRING')) return row;
    // It was thought over and is not. Listeners believe it is, so it is told again.
    return this.#refresh(
      { ...row, state: 'FIRING', ends_at: null, resolved_seen_at: null, fired_told_at: null, resolved_told_at: null },
      sighting,
      round,
      true,
    );
  }

  #byFingerprint(sighting: Sighting, round: Round): EpisodeRow | undefined {
    const { fingerprint, startsAt, rule } = sighting;
    const notified = isNotified(sighting);
    const row = [...this.known(fingerprint), ...this.known(rule?.fingerprint)].find(
      (r) =>
        r.state === 'FIRING' &&
        (r.fingerprint === fingerprint || (r.rule_fingerprint === rule?.fingerprint && (!notified || !isNotified(r)))),
    );
    if (!row) return undefined;
    const laterMs = startsAt.getTime() - row.starts_at.getTime();
    if (!notified) {
      // Prometheus counts from when the rule became true, so a start that is not later is the same episode.
      if (laterMs <= CLOCK_TOLERANCE_MS || (isNotified(row) && round.alertmanagerSilent === true))
        return this.#refresh(row, sighting, round);
    } else if (!isNotified(row)) {
      if (laterMs >= -CLOCK_TOLERANCE_MS || round.current) return this.#refresh(row, sighting, round);
      return this.#past(sighting, row, round);
    } else if (laterMs < 0) {
      return round.current ? this.#refresh(row, sighting, round) : this.#past(sighting, row, round);
    }
    // It has fired anew since; that the old one ended was missed.
    this.end(row, startsAt, round.now);
    return undefined;
  }

  /** A notification of an episode that a newer one has followed already: history, told to nobody. */
  #past(sighting: Sighting, newer: EpisodeRow, round: Round): EpisodeRow {
    return this.end(this.#insert(sighting, round), newer.starts_at, round.now);
  }

  #byLabels(left: readonly Sighting[], seen: Set<string>, round: Round): Sighting[] {
    if (left.length === 0) return [];
    const placed = new Set<Sighting>();
    const byName = Map.groupBy(left, (s) => s.labels['alertname'] ?? '');
    const ofRow = (row: EpisodeRow) => byName.get(row.labels['alertname'] ?? '') ?? [];
    const unseen = this.open.filter((row) => !seen.has(row.id) && ofRow(row).length > 0);
    // What Prometheus alone knew so far, and Alertmanager knows now.
    for (const row of unseen.filter((r) => !isNotified(r) && !r.sources.includes('PLATFORM')).sort(mostLabels)) {
      const [match] = ofRow(row)
        .filter(
          (s) =>
            isNotified(s) && !placed.has(s) && contains(s.labels, row.labels) && notBefore(s.startsAt, row.starts_at),
        )
        .sort(fewestLabels);
      if (!match) continue;
      placed.add(match);
      seen.add(this.#refresh(row, match, round).id);
    }
    // What Alertmanager alone knew so far, and Prometheus lists now.
    const notified = Map.groupBy(
      unseen.filter((r) => isNotified(r) && r.rule_fingerprint === null && !seen.has(r.id)),
      (r) => r.labels['alertname'] ?? '',
    );
    for (const sighting of left.filter((s) => !isNotified(s)).sort(mostLabels)) {
      const [match] = (notified.get(sighting.labels['alertname'] ?? '') ?? [])
        .filter(
          (r) => !seen.has(r.id) && contains(r.labels, sighting.labels) && notBefore(r.starts_at, sighting.startsAt),
        )
        .sort(fewestLabels);
      if (!match) continue;
      placed.add(sighting);
      seen.add(this.#refresh(match, sighting, round).id);
    }
    return left.filter((s) => !placed.has(s));
  }

  #open(sighting: Sighting, round: Round): EpisodeRow | undefined {
    if (this.#rows.size >= MAX_OPEN) {
      this.overflow += 1;
      return undefined;
    }
    return this.#insert(sighting, round);
  }

  #insert(sighting: Sighting, { now }: Round): EpisodeRow {
    const row = newEpisode({ id: this.#newId(), clusterId: this.#clusterId, sighting, at: now });
    this.opened.add(row.id);
    return this.put(row);
  }

  /** Takes over what the sighting knows better. Written only when something changed that matters, or has not been for a while. */
  #refresh(row: EpisodeRow, sighting: Sighting, round: Round, write = false): EpisodeRow {
    const better = isNotified(sighting) || !isNotified(row);
    const adopted = isNotified(sighting) && !isNotified(row);
    const next: EpisodeRow = {
      ...row,
      ...(better ? described(sighting) : {}),
      starts_at: adopted ? sighting.startsAt : row.starts_at,
      rule_fingerprint: sighting.rule?.fingerprint ?? row.rule_fingerprint,
      active_at: sighting.rule?.activeAt ?? row.active_at,
      sources: [...new Set([...row.sources, ...sighting.sources])],
      silenced: sighting.silenced ?? row.silenced,
      inhibited: sighting.inhibited ?? row.inhibited,
      missing_since: null,
      last_seen_at: new Date(Math.max(row.last_seen_at.getTime(), round.readAt.getTime())),
    };
    const worth =
      write ||
      adopted ||
      next.sources.length !== row.sources.length ||
      next.rule_fingerprint !== row.rule_fingerprint ||
      next.silenced !== row.silenced ||
      next.inhibited !== row.inhibited ||
      next.severity !== row.severity ||
      row.missing_since !== null ||
      next.last_seen_at.getTime() - row.last_seen_at.getTime() >= LAST_SEEN_STEP_MS;
    return worth ? this.put(next) : row;
  }
}

function contains(all: Readonly<Record<string, string>>, part: Readonly<Record<string, string>>): boolean {
  return Object.entries(part).every(([name, value]) => all[name] === value);
}

/** A notification follows its rule; by two clocks. */
function notBefore(notification: Date, rule: Date): boolean {
  return notification.getTime() >= rule.getTime() - CLOCK_TOLERANCE_MS;
}

function mostLabels(a: { labels: object }, b: { labels: object }): number {
  return Object.keys(b.labels).length - Object.keys(a.labels).length;
}

function fewestLabels(a: { labels: object }, b: { labels: object }): number {
  return -mostLabels(a, b);
}
