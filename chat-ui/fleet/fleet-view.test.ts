import { describe, expect, it } from 'vitest';
import { ApiFailure } from '../api/failure.ts';
import { LOADING, ready, refreshFailed } from '../loadable.ts';
import { alert, alertsAnswer, cluster } from '../test-support.ts';
import {
  averageHealth,
  countByState,
  firingByCluster,
  fleetState,
  fleetUrl,
  isStale,
  matchText,
  readFilter,
  reasonOf,
  sumFiring,
  worstFirst,
} from './fleet-view.ts';

const a = cluster(1, 'alpha');
const b = cluster(2, 'beta', {
  state: 'OFFLINE',
  health_score: 30,
  api_server_healthy: false,
  prometheus_healthy: false,
});
const c = cluster(3, 'gamma', { state: 'DEGRADED', health_score: 80, prometheus_healthy: false });
const d = cluster(
  4,
  'delta',
  { state: 'UNKNOWN', health_score: null, checked_at: null },
  { environment: 'LAB', region: null },
);
const ALL = [a, b, c, d];
const FAILURE = new ApiFailure('STORE_UNAVAILABLE', 'down', { status: 503 });

describe('fleet view', () => {
  it('orders worst first: state, then score, then alerts, then name', () => {
    const noisy = cluster(5, 'zeta');
    const firing = firingByCluster(alertsAnswer([noisy, a], [alert(noisy, 'X', { severity: 'CRITICAL' })]));
    expect(worstFirst([a, noisy, ...ALL.slice(1)], firing).map((x) => x.name)).toEqual([
      'beta',
      'gamma',
      'delta',
      'zeta',
      'alpha',
    ]);
  });

  it('averages only clusters that were checked, and has no average without one', () => {
    expect(averageHealth(ALL)).toEqual({ average: 70, checked: 3 });
    expect(averageHealth([d])).toEqual({ average: undefined, checked: 0 });
    expect(averageHealth([])).toEqual({ average: undefined, checked: 0 });
  });

  it('counts each cluster in exactly one state', () => {
    expect(countByState(ALL)).toEqual({ OFFLINE: 1, DEGRADED: 1, UNKNOWN: 1, PROVISIONING: 0, ONLINE: 1 });
  });

  it('keeps a filter in the URL and reads it back', () => {
    const filter = { text: 'eu west', state: 'OFFLINE', cluster: 'beta' } as const;
    const query = Object.fromEntries(new URL(fleetUrl(filter), 'http://x').searchParams);
    expect(readFilter(query)).toEqual(filter);
    expect(readFilter({ state: 'offline' }).state).toBe('OFFLINE');
    expect(readFilter({ state: 'nonsense', q: '' })).toEqual({ text: '', state: undefined, cluster: undefined });
    expect(fleetUrl(readFilter({}), '#alerts')).toBe('/#alerts');
  });

  it('matches every word against name, type, environment, region and labels', () => {
    const names = (text: string, exact?: string) =>
      matchText(ALL, { text, state: undefined, cluster: exact }).map((x) => x.name);
    expect(names('EU-west production')).toEqual(['alpha', 'beta', 'gamma']);
    expect(names('lab')).toEqual(['delta']);
    expect(names('tier=gold alp')).toEqual(['alpha']);
    expect(names('', 'gamma')).toEqual(['gamma']);
    expect(names('nothing')).toEqual([]);
  });

  it('gives the reason of every state', () => {
    expect(reasonOf(a)).toBe('Every endpoint answers.');
    expect(reasonOf(b)).toBe('The API server does not answer.');
    expect(reasonOf(c)).toBe('Prometheus does not answer.');
    expect(reasonOf(d)).toBe('Not checked yet.');
    expect(reasonOf(cluster(9, 'x', { last_error: 'certificate expired' }))).toBe('certificate expired');
    expect(reasonOf(cluster(9, 'x', {}, { endpoints: {} }))).toContain('no Prometheus is configured');
  });

  it('calls a check overdue after two intervals of the kind of cluster', () => {
    const at = (ms: number) => Date.parse(a.status.checked_at ?? '') + ms;
    expect([isStale(a, at(60_000)), isStale(a, at(60_001))]).toEqual([false, true]);
    const hub = cluster(7, 'hub', {}, { cluster_type: 'HUB' });
    expect([isStale(hub, at(30_001)), isStale(d, at(1e9))]).toEqual([true, false]);
  });

  it('counts what is heard, and what is silenced apart from it', () => {
    const answer = alertsAnswer(ALL, [
      alert(a, 'X', { severity: 'CRITICAL' }),
      alert(a, 'Y'),
      alert(a, 'Z', { silenced: true }),
      alert(a, 'P', { state: 'PENDING' }),
    ]);
    expect(firingByCluster(answer).get(a.id)).toMatchObject({
      total: 2,
      bySeverity: { CRITICAL: 1, WARNING: 1, INFO: 0 },
      muted: 2,
      certainty: 'EXACT',
    });
  });

  it('makes a number a lower bound, or none at all, when it is not known in full', () => {
    const answer = alertsAnswer([a, b, c, d], [alert(a, 'X')]);
    const clusters = answer.clusters.map((o) => {
      if (o.cluster_id === b.id)
        return { ...o, status: 'TIMEOUT' as const, error: { code: 'QUERY_TIMEOUT', message: 'too late' } };
      if (o.cluster_id === c.id) return { ...o, status: 'PARTIAL' as const };
      return o.cluster_id === d.id ? { ...o, status: 'SKIPPED' as const } : o;
    });
    const firing = firingByCluster({ ...answer, clusters, complete: false });
    expect(ALL.map((x) => firing.get(x.id)?.certainty)).toEqual(['EXACT', 'UNKNOWN', 'AT_LEAST', 'NONE']);
    expect(sumFiring(ALL, firing)).toMatchObject({ total: 1, certainty: 'AT_LEAST' });
    expect(sumFiring([a, d], firing)).toMatchObject({ total: 1, certainty: 'EXACT' });
    expect(sumFiring([b], firing)?.certainty).toBe('UNKNOWN');
    expect(sumFiring(ALL, undefined)).toBeUndefined();
    expect(firingByCluster({ ...answer, total: 9 }).get(a.id)?.certainty).toBe('AT_LEAST');
  });

  it('tells loading, empty, filtered-empty, error, denied, partial, stale and ready apart', () => {
    const alerts = ready(alertsAnswer(ALL, []), 0);
    const clusters = ready(ALL, 0);
    expect(fleetState(LOADING, alerts, 0)).toBe('loading');
    expect(fleetState(ready([], 0), alerts, 0)).toBe('empty');
    expect(fleetState(clusters, alerts, 0)).toBe('filtered-empty');
    expect(fleetState({ status: 'failed', failure: FAILURE }, alerts, 0)).toBe('error');
    expect(
      fleetState({ status: 'failed', failure: new ApiFailure('PERMISSION_DENIED', '', { status: 403 }) }, alerts, 0),
    ).toBe('denied');
    expect(fleetState(clusters, ready(alertsAnswer(ALL, [], { complete: false }), 0), 4)).toBe('partial');
    expect(fleetState(clusters, { status: 'failed', failure: FAILURE }, 4)).toBe('partial');
    expect(fleetState(refreshFailed(clusters, FAILURE), alerts, 4)).toBe('stale');
    expect(fleetState(clusters, alerts, 4)).toBe('ready');
  });
});
