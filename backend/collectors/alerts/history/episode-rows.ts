import { and, eq, getTableColumns, gte, inArray, isNotNull, isNull, or, type SQL, sql } from 'drizzle-orm';
import { NOT_DELETED } from '../../../registry/cluster-rows.ts';
import { alertEpisodes, alertSchedule, clusters } from '../../../platform/store/schema.ts';
import type { Database } from '../../../platform/store/store.ts';
import type { Recent } from './announce.ts';
import type { EpisodeRow, Sighting } from './sighting.ts';

/** Rows of one statement: each takes 24 parameters, and PostgreSQL takes 65,535. */
const CHUNK = 500;

export interface LockedCluster {
  readonly id: string;
  readonly name: string;
  readonly maintenance_until: Date | null;
  readonly switches: typeof alertSchedule.$inferSelect.switches;
}

/**
 * Takes the turn of a cluster's alerts until the transaction ends: one poll or webhook at a time, over all processes. Cluster
 * before schedule, as whoever changes a cluster takes them. Undefined when there is none, or it is being deleted.
 */
export async function lockAlerts(tx: Database, clusterId: string): Promise<LockedCluster | undefined> {
  const [cluster] = await tx
    .select({ id: clusters.id, name: clusters.name, maintenance_until: clusters.maintenance_until })
    .from(clusters)
    .where(and(eq(clusters.id, clusterId), NOT_DELETED))
    .for('key share');
  if (!cluster) return undefined;
  const [schedule] = await tx
    .select({ switches: alertSchedule.switches })
    .from(alertSchedule)
    .where(eq(alertSchedule.cluster_id, clusterId))
    .for('update');
  return schedule && { ...cluster, switches: schedule.switches };
}

/** Open episodes, those that still owe an event, and those that have the identity of a sighting. */
export async function loadEpisodes(
  tx: Database,
  clusterId: string,
  sightings: readonly Sighting[],
): Promise<EpisodeRow[]> {
  const e = alertEpisodes;
  const owing = or(eq(e.state, 'FIRING'), and(isNotNull(e.fired_told_at), isNull(e.resolved_told_at)));
  const open = await tx
    .select()
    .from(e)
    .where(and(eq(e.cluster_id, clusterId), owing));
  const known = new Set(
    open.flatMap((row) => identities(row.fingerprint, row.starts_at, row.rule_fingerprint, row.active_at)),
  );
  const wanted = sightings.filter(
    (s) =>
      !identities(s.fingerprint, s.startsAt, s.rule?.fingerprint ?? null, s.rule?.activeAt ?? null).some((id) =>
        known.has(id),
      ),
  );
  if (wanted.length === 0) return open;
  const rows = await tx
    .select()
    .from(e)
    .where(and(eq(e.cluster_id, clusterId), anyIdentity(wanted)));
  return [...open, ...rows.filter((row) => !open.some((o) => o.id === row.id))];
}

function identities(fingerprint: string, start: Date, rule: string | null, active: Date | null): string[] {
  return [`a ${fingerprint} ${start.getTime()}`, ...(rule && active ? [`r ${rule} ${active.getTime()}`] : [])];
}

function anyIdentity(sightings: readonly Sighting[]): SQL | undefined {
  const wanted = JSON.stringify(
    sightings.map((s) => ({
      f: s.fingerprint,
      s: s.startsAt,
      r: s.rule?.fingerprint ?? null,
      a: s.rule?.activeAt ?? null,
    })),
  );
  const list = sql`json_to_recordset(${wanted}::json) as v(f text, s timestamptz, r text, a timestamptz)`;
  const e = alertEpisodes;
  return or(
    sql`(${e.fingerprint}, ${e.starts_at}) in (select v.f, v.s from ${list})`,
    sql`(${e.rule_fingerprint}, ${e.active_at}) in (select v.r, v.a from ${list} where v.r is not null)`,
  );
}

/** What the window knows of fingerprints that have opened an episode, without the ones just opened. */
export async function loadRecent(
  tx: Database,
  clusterId: string,
  fingerprints: readonly string[],
  since: Date,
): Promise<Map<string, Recent>> {
  if (fingerprints.length === 0) return new Map();
  const e = alertEpisodes;
  const rows = await tx
    .select({ fingerprint: e.fingerprint, rule: e.rule_fingerprint, flapping: e.flapping, told: e.fired_told_at })
    .from(e)
    .where(
      and(
        eq(e.cluster_id, clusterId),
        gte(e.first_seen_at, since),
        or(inArray(e.fingerprint, [...fingerprints]), inArray(e.rule_fingerprint, [...fingerprints])),
      ),
    );
  return new Map(
    fingerprints.map((fingerprint) => {
      const own = rows.filter((row) => row.fingerprint === fingerprint || row.rule === fingerprint);
      return [fingerprint, { episodes: own.length, told: own.some((row) => row.flapping && row.told !== null) }];
    }),
  );
}

export async function writeEpisodes(tx: Database, rows: readonly EpisodeRow[]): Promise<void> {
  const { id: _id, cluster_id: _cluster, first_seen_at: _first, ...columns } = getTableColumns(alertEpisodes);
  const set = Object.fromEntries(
    Object.entries(columns).map(([key, column]) => [key, sql`excluded.${sql.identifier(column.name)}`]),
  );
  for (let at = 0; at < rows.length; at += CHUNK)
    await tx
      .insert(alertEpisodes)
      .values(rows.slice(at, at + CHUNK))
      .onConflictDoUpdate({ target: alertEpisodes.id, set });
}
