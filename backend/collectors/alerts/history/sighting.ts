import type { AlertSource, Severity } from '../../../model/alert.ts';
import type { alertEpisodes } from '../../../platform/store/schema.ts';
import { storable } from '../../../platform/store/storable.ts';
import { severityOf } from '../merge-alerts.ts';
import type { MergedAlert } from '../merge-alerts.ts';

/** One episode as the table holds it. */
export type EpisodeRow = typeof alertEpisodes.$inferSelect;

/** An alert that somebody says is firing. */
export interface Sighting {
  /** With external labels where Alertmanager knows it; else Prometheus's own. */
  readonly fingerprint: string;
  readonly startsAt: Date;
  /** What Prometheus calls it; there whenever Prometheus lists it. */
  readonly rule?: { readonly fingerprint: string; readonly activeAt: Date } | undefined;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly generatorUrl: string | null;
  readonly sources: readonly AlertSource[];
  /** Undefined where the source does not tell. */
  readonly silenced?: boolean;
  readonly inhibited?: boolean;
}

/** Alertmanager knows it, by poll or by webhook: fingerprint and start are those that notifications carry. */
export function isNotified(of: { readonly sources: readonly AlertSource[] }): boolean {
  return of.sources.includes('ALERTMANAGER') || of.sources.includes('WEBHOOK');
}

/** Longest text kept of one label or annotation, and most of them: alerts come from spokes, and history is kept for months. */
const MAX_TEXT = 4_096;
const MAX_ENTRIES = 64;

function bounded(entries: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(entries)
      .slice(0, MAX_ENTRIES)
      .map(([name, value]) => [storable(name).slice(0, MAX_TEXT), storable(value).slice(0, MAX_TEXT)]),
  );
}

export function sightingOf({ alert, rule }: MergedAlert): Sighting {
  return {
    fingerprint: alert.fingerprint,
    startsAt: new Date(alert.starts_at),
    rule: rule && { fingerprint: rule.fingerprint, activeAt: new Date(rule.active_at) },
    labels: alert.labels,
    annotations: alert.annotations,
    generatorUrl: alert.generator_url ?? null,
    sources: alert.sources,
    ...(alert.sources.includes('ALERTMANAGER') ? { silenced: alert.silenced, inhibited: alert.inhibited } : {}),
  };
}

/** The episode that a sighting opens. */
export function newEpisode(request: {
  readonly id: string;
  readonly clusterId: string;
  readonly sighting: Sighting;
  readonly at: Date;
}): EpisodeRow {
  const { id, clusterId, sighting, at } = request;
  return {
    id,
    cluster_id: clusterId,
    ...described(sighting),
    starts_at: sighting.startsAt,
    rule_fingerprint: sighting.rule?.fingerprint ?? null,
    active_at: sighting.rule?.activeAt ?? null,
    state: 'FIRING',
    sources: [...sighting.sources],
    silenced: sighting.silenced ?? false,
    inhibited: sighting.inhibited ?? false,
    ends_at: null,
    first_seen_at: at,
    last_seen_at: at,
    missing_since: null,
    resolved_seen_at: null,
    flapping: false,
    fired_told_at: null,
    resolved_told_at: null,
  };
}

/** What an episode takes over from the sighting that knows it best. */
export function described(sighting: Sighting) {
  const labels = bounded(sighting.labels);
  const severity: Severity = severityOf(labels['severity']);
  return {
    fingerprint: sighting.fingerprint,
    alertname: labels['alertname'] ?? '(unnamed)',
    severity,
    namespace: labels['namespace'] ?? null,
    labels,
    annotations: bounded(sighting.annotations),
    generator_url: sighting.generatorUrl === null ? null : storable(sighting.generatorUrl).slice(0, MAX_TEXT),
  };
}
