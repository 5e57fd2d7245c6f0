import { and, asc, inArray, sql } from 'drizzle-orm';
import type { TimedEvent } from '../platform/outbox.ts';
import { clusters, healthRollups, healthTransitions } from '../platform/store/schema.ts';
import { storable } from '../platform/store/storable.ts';
import type { Database } from '../platform/store/store.ts';
import { NOT_DELETED } from './cluster-rows.ts';
import { allWell, errorOf, type HealthCheck, healthScore, nextState, recentChecks } from './health-score.ts';

/** Length of one entry of the history. */
const ROLLUP_MS = 300_000;
const MAX_VERSION_CHARS = 100;

export interface CheckedCluster {
  readonly clusterId: string;
  readonly check: HealthCheck;
}

/**
 * Writes status and history of what checks found, any number of them in a handful of statements. Returns the events to append
 * to the transaction: CLUSTER_STATUS_CHANGED exactly when the state is another than the one last told. In maintenance nothing
 * is told; the first check after it tells what has come of it. A check that is older than the last one recorded, or of a
 * cluster that is gone, changes nothing. Ids are UUIDs.
 */
export async function recordHealth(tx: Database, checked: readonly CheckedCluster[]): Promise<TimedEvent[]> {
  const rows = await lockRows(
    tx,
    checked.map((c) => c.clusterId),
  );
  const changes = new Changes();
  for (const { clusterId, check } of [...checked].sort((a, b) => a.check.at.getTime() - b.check.at.getTime())) {
    const before = rows.get(clusterId);
    if (!before || (before.checked_at && before.checked_at > check.at)) continue;
    const after = changes.apply(before, check);
    rows.set(clusterId, after);
  }
  if (changes.rows.size === 0) return [];
  await writeRows(tx, [...changes.rows.values()]);
  await writeRollups(tx, [...changes.rollups.values()]);
  if (changes.transitions.length > 0) await tx.insert(healthTransitions).values(changes.transitions);
  return changes.events;
}

const COLUMNS = {
  id: clusters.id,
  name: clusters.name,
  cluster_type: clusters.cluster_type,
  state: clusters.state,
  announced_state: clusters.announced_state,
  health_score: clusters.health_score,
  recent_api_checks: clusters.recent_api_checks,
  api_server_healthy: clusters.api_server_healthy,
  prometheus_healthy: clusters.prometheus_healthy,
  alertmanager_healthy: clusters.alertmanager_healthy,
  tempo_healthy: clusters.tempo_healthy,
  loki_healthy: clusters.loki_healthy,
  last_error: clusters.last_error,
  checked_at: clusters.checked_at,
  platform_version: clusters.platform_version,
  last_seen_at: clusters.last_seen_at,
  maintenance_until: clusters.maintenance_until,
};
type HealthRow = { -readonly [K in keyof typeof COLUMNS]: (typeof clusters.$inferSelect)[K] };

/** In the order of the ids, so that two processes with overlapping batches wait for each other instead of for ever. */
async function lockRows(tx: Database, ids: readonly string[]): Promise<Map<string, HealthRow>> {
  const rows = await tx
    .select(COLUMNS)
    .from(clusters)
    .where(and(inArray(clusters.id, [...ids]), NOT_DELETED))
    .orderBy(asc(clusters.id))
    .for('no key update');
  return new Map(rows.map((row) => [row.id, row]));
}

/** What a batch of checks changes, in memory. */
class Changes {
  readonly rows = new Map<string, HealthRow>();
  readonly rollups = new Map<string, typeof healthRollups.$inferInsert>();
  readonly transitions: (typeof healthTransitions.$inferInsert)[] = [];
  readonly events: TimedEvent[] = [];

  apply(before: HealthRow, check: HealthCheck): HealthRow {
    const maintenance = before.maintenance_until !== null && before.maintenance_until > check.at;
    const told = before.announced_state ?? before.state;
    const measured = measuredBy(before, check);
    const after = {
      ...before,
      ...measured,
      announced_state: maintenance && measured.state !== told ? told : null,
    };
    const reason = after.last_error ?? 'every configured endpoint answers';
    if (after.state !== before.state) {
      const until = before.maintenance_until?.toISOString();
      this.transitions.push({
        cluster_id: before.id,
        at: check.at,
        old_state: before.state,
        new_state: after.state,
        health_score: measured.health_score,
        reason: maintenance ? `${reason}; not announced, in maintenance until ${until}` : reason,
      });
    }
    if (!maintenance && after.state !== told) {
      const payload = {
        old_state: told,
        new_state: after.state,
        health_score: measured.health_score,
        reason: before.announced_state === null ? reason : `${reason}; maintenance is over`,
      };
      this.events.push({
        event_type: 'CLUSTER_STATUS_CHANGED',
        source: 'registry',
        cluster_id: before.id,
        cluster_name: before.name,
        payload,
        at: check.at,
      });
    }
    this.rows.set(after.id, after);
    this.#rollUp(after.id, check, measured.health_score);
    return after;
  }

  #rollUp(clusterId: string, check: HealthCheck, score: number): void {
    const start = new Date(Math.floor(check.at.getTime() / ROLLUP_MS) * ROLLUP_MS);
    const key = `${clusterId} ${start.getTime()}`;
    const sum = this.rollups.get(key);
    this.rollups.set(key, {
      cluster_id: clusterId,
      start,
      checks: (sum?.checks ?? 0) + 1,
      healthy_checks: (sum?.healthy_checks ?? 0) + (allWell(check) ? 1 : 0),
      min_score: Math.min(sum?.min_score ?? 100, score),
      sum_score: (sum?.sum_score ?? 0) + score,
    });
  }
}

/** The columns that a check sets. An endpoint that was not asked is null: not known, never "down". */
function measuredBy(before: HealthRow, check: HealthCheck) {
  const { api, prometheus, alertmanager, tempo, loki } = check;
  const answered = [api, prometheus, alertmanager, tempo, loki].some((part) => part?.ok === true);
  const error = errorOf(before, check);
  const version = api.ok && api.version !== undefined ? storable(api.version).slice(0, MAX_VERSION_CHARS) : null;
  return {
    state: nextState(before, check),
    health_score: healthScore(check),
    recent_api_checks: recentChecks(before.recent_api_checks, check),
    api_server_healthy: api.ok,
    prometheus_healthy: prometheus?.ok ?? null,
    alertmanager_healthy: alertmanager?.ok ?? null,
    tempo_healthy: tempo?.ok ?? null,
    loki_healthy: loki?.ok ?? null,
    last_error: error === null ? null : storable(error),
    checked_at: check.at,
    // Discovery knows better what the platform's own version is and keeps it up to date; this is until it has run.
    platform_version: before.platform_version ?? version,
    last_seen_at: answered ? check.at : before.last_seen_at,
  };
}

async function writeRows(tx: Database, rows: readonly HealthRow[]): Promise<void> {
  await tx.execute(sql`
    update ${clusters} as c set
      state = v.state, announced_state = v.announced_state, health_score = v.health_score,
      recent_api_checks = v.recent_api_checks, api_server_healthy = v.api_server_healthy,
      prometheus_healthy = v.prometheus_healthy, alertmanager_healthy = v.alertmanager_healthy,
      tempo_healthy = v.tempo_healthy, loki_healthy = v.loki_healthy, last_error = v.last_error,
      checked_at = v.checked_at, platform_version = v.platform_version, last_seen_at = v.last_seen_at
    from json_to_recordset(${JSON.stringify(rows)}::json) as v(
      id uuid, state text, announced_state text, health_score int, recent_api_checks text, api_server_healthy boolean,
      prometheus_healthy boolean, alertmanager_healthy boolean, tempo_healthy boolean, loki_healthy boolean,
      last_error text, checked_at timestamptz, platform_version text, last_seen_at timestamptz)
    where c.id = v.id`);
}

async function writeRollups(tx: Database, rollups: readonly (typeof healthRollups.$inferInsert)[]): Promise<void> {
  await tx
    .insert(healthRollups)
    .values([...rollups])
    .onConflictDoUpdate({
      target: [healthRollups.cluster_id, healthRollups.start],
      set: {
        checks: sql`${healthRollups.checks} + excluded.checks`,
        healthy_checks: sql`${healthRollups.healthy_checks} + excluded.healthy_checks`,
        min_score: sql`least(${healthRollups.min_score}, excluded.min_score)`,
        sum_score: sql`${healthRollups.sum_score} + excluded.sum_score`,
      },
    });
}
