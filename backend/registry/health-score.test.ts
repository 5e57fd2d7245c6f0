import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClusterState, ClusterType } from '../model/cluster.ts';
import {
  CHECK_RULES,
  connectivityOf,
  errorOf,
  type HealthBefore,
  type HealthCheck,
  healthScore,
  kindsToCheck,
  nextState,
  recentChecks,
} from './health-score.ts';

const UP = { ok: true } as const;
const DOWN = { ok: false, error: 'refused' } as const;
const at = new Date(0);

const result = fc.oneof(
  fc.constant(UP),
  fc.string().map((error) => ({ ok: false, error }) as const),
);
const check: fc.Arbitrary<HealthCheck> = fc.record(
  { at: fc.constant(at), api: result, prometheus: result, alertmanager: result, tempo: result, loki: result },
  { requiredKeys: ['at', 'api'] },
);
const part = fc.constantFrom('api', 'prometheus', 'alertmanager', 'tempo', 'loki');
const type = fc.constantFrom(...ClusterType.options);
const state = fc.constantFrom(...ClusterState.options);
const before: fc.Arbitrary<HealthBefore> = fc.record({
  state,
  cluster_type: type,
  recent_api_checks: fc.string({ unit: fc.constantFrom('0', '1'), maxLength: 12 }),
});
const EDGES = ['EDGE', 'FAR_EDGE'] as const;

/** A cluster as it was, after each of the checks in turn. */
function through(first: HealthBefore, checks: readonly HealthCheck[]): HealthBefore[] {
  let now = first;
  return checks.map((c) => {
    now = { ...now, state: nextState(now, c), recent_api_checks: recentChecks(now.recent_api_checks, c) };
    return now;
  });
}
const born = (cluster_type: HealthBefore['cluster_type']): HealthBefore => ({
  state: 'UNKNOWN',
  cluster_type,
  recent_api_checks: '',
});
const spoke = (from: ClusterState): HealthBefore => ({ ...born('SPOKE'), state: from });

describe('health score', () => {
  it.each([
    [{ at, api: UP }, 100],
    [{ at, api: DOWN }, 50],
    [{ at, api: UP, prometheus: DOWN }, 80],
    [{ at, api: UP, tempo: DOWN }, 85],
    [{ at, api: UP, loki: DOWN }, 85],
    [{ at, api: DOWN, prometheus: DOWN }, 30],
    [{ at, api: DOWN, prometheus: DOWN, tempo: DOWN, loki: DOWN, alertmanager: DOWN }, 0],
    [{ at, api: UP, prometheus: UP, alertmanager: DOWN }, 100],
  ] satisfies [HealthCheck, number][])('of %j is %i', (given, score) => {
    expect(healthScore(given)).toBe(score);
  });

  it('lies within 0 and 100, and is 100 when all is well', () => {
    fc.assert(
      fc.property(check, (c) => {
        const score = healthScore(c);
        return score >= 0 && score <= 100 && (nextState(spoke('UNKNOWN'), c) !== 'ONLINE' || score === 100);
      }),
    );
  });

  it('never rises when one more endpoint goes down', () => {
    fc.assert(fc.property(check, part, (c, which) => healthScore({ ...c, [which]: DOWN }) <= healthScore(c)));
  });

  it('is not touched by an endpoint that the cluster does not have', () => {
    fc.assert(
      fc.property(check, (c) => {
        const { loki: _, ...without } = c;
        return healthScore(without) === healthScore({ ...without, loki: UP });
      }),
    );
  });
});

describe('cluster state', () => {
  it.each([
    ['UNKNOWN', { at, api: UP }, 'ONLINE'],
    ['UNKNOWN', { at, api: DOWN }, 'OFFLINE'],
    ['ONLINE', { at, api: UP, prometheus: DOWN }, 'DEGRADED'],
    ['ONLINE', { at, api: UP, alertmanager: DOWN }, 'DEGRADED'],
    ['ONLINE', { at, api: UP, tempo: DOWN }, 'DEGRADED'],
    ['ONLINE', { at, api: UP, loki: DOWN }, 'DEGRADED'],
    ['DEGRADED', { at, api: DOWN, prometheus: UP }, 'OFFLINE'],
    ['OFFLINE', { at, api: UP, prometheus: DOWN }, 'DEGRADED'],
    ['DEGRADED', { at, api: UP, prometheus: UP }, 'ONLINE'],
    ['PROVISIONING', { at, api: DOWN }, 'PROVISIONING'],
    ['PROVISIONING', { at, api: UP }, 'ONLINE'],
  ] satisfies [ClusterState, HealthCheck, ClusterState][])('of a spoke goes from %s by %j to %s', (from, given, to) => {
    expect(nextState(spoke(from), given)).toBe(to);
  });

  it('depends on the check alone once the API answers', () => {
    fc.assert(
      fc.property(before, before, check, (a, b, c) => {
        const answering = { ...c, api: UP };
        return nextState(a, answering) === nextState(b, answering);
      }),
    );
  });

  it('of a near cluster is OFFLINE exactly when the API is down, once the cluster has been there', () => {
    fc.assert(
      fc.property(before, fc.constantFrom('HUB', 'SPOKE'), check, (b, cluster_type, c) => {
        const near = { ...b, cluster_type };
        return (nextState(near, c) === 'OFFLINE') === (!c.api.ok && b.state !== 'PROVISIONING');
      }),
    );
  });

  it('of a far cluster that was up becomes OFFLINE with exactly the second or third check in a row that the API misses', () => {
    fc.assert(
      fc.property(fc.constantFrom(...EDGES), fc.array(check, { maxLength: 40 }), (cluster_type, checks) => {
        const states = through(born(cluster_type), checks).map((b) => b.state);
        let misses = 0;
        return checks.every((c, i) => {
          misses = c.api.ok ? 0 : misses + 1;
          const was = i === 0 ? 'UNKNOWN' : states[i - 1];
          const up = was === 'ONLINE' || was === 'DEGRADED';
          if (c.api.ok) return states[i] === 'ONLINE' || states[i] === 'DEGRADED';
          if (up && misses < CHECK_RULES[cluster_type].missesToOffline) return states[i] === was;
          return states[i] === 'OFFLINE';
        });
      }),
    );
  });

  it.each([
    ['EDGE', '1101', 'ONLINE'],
    ['EDGE', '1100', 'OFFLINE'],
    ['FAR_EDGE', '1100', 'ONLINE'],
    ['FAR_EDGE', '11000', 'OFFLINE'],
    ['FAR_EDGE', '110010', 'ONLINE'],
    ['FAR_EDGE', '0', 'OFFLINE'],
  ] as const)('of %s is after the API checks %s %s', (cluster_type, checks, expected) => {
    const states = through(
      born(cluster_type),
      [...checks].map((ok) => ({ at, api: ok === '1' ? UP : DOWN })),
    );
    expect(states.at(-1)?.state).toBe(expected);
  });

  it('is never UNKNOWN after a check, never PROVISIONING once it was not, and ONLINE without an error unless a miss is tolerated', () => {
    fc.assert(
      fc.property(type, state, fc.array(check, { minLength: 1, maxLength: 30 }), (cluster_type, from, checks) => {
        let was: HealthBefore = { ...born(cluster_type), state: from };
        for (const c of checks) {
          const error = errorOf(was, c);
          const [is = was] = through(was, [c]);
          if (is.state === 'UNKNOWN') return false;
          if (is.state === 'PROVISIONING' && was.state !== 'PROVISIONING') return false;
          const tolerated = !c.api.ok && is.state !== 'OFFLINE' && is.state !== 'PROVISIONING';
          if (!tolerated && (is.state === 'ONLINE') !== (error === null)) return false;
          if (tolerated !== (error?.includes(' in a row; OFFLINE after ') ?? false)) return false;
          was = is;
        }
        return true;
      }),
    );
  });

  it('settles: the same check repeated changes nothing more, at the latest with the third', () => {
    fc.assert(
      fc.property(before, check, (b, c) => {
        const states = through(b, [c, c, c, c, c]).map((x) => x.state);
        return states[2] === states[3] && states[3] === states[4];
      }),
    );
  });
});

describe('connectivity', () => {
  const after = (checks: readonly boolean[]) =>
    connectivityOf(checks.reduce((recent, ok) => recentChecks(recent, { at, api: ok ? UP : DOWN }), ''));

  it.each([
    ['', null],
    ['1', 'CONNECTED'],
    ['0', 'DISCONNECTED'],
    ['10', 'INTERMITTENT'],
    ['1000', 'DISCONNECTED'],
    ['10001', 'INTERMITTENT'],
    ['10001111', 'CONNECTED'],
    ['101111011111', 'INTERMITTENT'],
    ['1011110111111111111', 'CONNECTED'],
  ])('after the API checks %j is %s', (checks, expected) => {
    expect(after([...checks].map((c) => c === '1'))).toBe(expected);
  });

  it('follows from the last twelve API checks alone, and is definite only when the last three agree', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), (checks) => {
        const is = after(checks);
        const last = checks.slice(-3);
        if (is !== after(checks.slice(-12))) return false;
        if (is === 'DISCONNECTED') return !last.some(Boolean);
        if (is === 'CONNECTED') return last.every(Boolean);
        return checks.slice(-12).includes(true) && checks.slice(-12).includes(false);
      }),
    );
  });
});

describe('error of a check', () => {
  it('names everything that is down, in one line of at most 500 characters', () => {
    const given = { at, api: DOWN, prometheus: UP, alertmanager: { ok: false, error: 'HTTP 503' } } as const;
    expect(errorOf(spoke('ONLINE'), given)).toBe('API server: refused; Alertmanager: HTTP 503');
    expect(errorOf(spoke('ONLINE'), { at, api: { ok: false, error: 'x'.repeat(900) } })).toHaveLength(500);
  });

  it('says of a miss that does not count yet how many there may be', () => {
    const edge: HealthBefore = { state: 'ONLINE', cluster_type: 'FAR_EDGE', recent_api_checks: '110' };
    expect(errorOf(edge, { at, api: DOWN })).toBe('API server: refused (missed 2 in a row; OFFLINE after 3)');
  });
});

describe('endpoints to check', () => {
  const endpoints = {
    prometheus_url: 'http://p.example',
    alertmanager_url: 'http://a.example',
    tempo_url: 'http://t.example',
    loki_url: 'http://l.example',
    korrel8r_url: 'http://k.example',
  };

  const global_metrics = null;

  it('have a metrics hub in the place of a Prometheus that is missing, and only then', () => {
    const hub = { url: 'http://hub.example', cluster_label: 'cluster', cluster_value: 'a' };
    const kinds = (has: typeof endpoints | object) =>
      kindsToCheck({ cluster_type: 'EDGE', endpoints: has, global_metrics: hub });
    expect(kinds({})).toEqual(['API', 'GLOBAL_METRICS']);
    expect(kinds(endpoints)).toEqual(['API', 'PROMETHEUS', 'ALERTMANAGER']);
  });

  it('are the API server and what is configured', () => {
    expect(kindsToCheck({ cluster_type: 'SPOKE', endpoints: {}, global_metrics })).toEqual(['API']);
    const all = ['API', 'PROMETHEUS', 'ALERTMANAGER', 'TEMPO', 'LOKI'];
    expect(kindsToCheck({ cluster_type: 'HUB', endpoints, global_metrics })).toEqual(all);
  });

  it.each(EDGES)('of %s are those of metrics only', (cluster_type) => {
    expect(kindsToCheck({ cluster_type, endpoints, global_metrics })).toEqual(['API', 'PROMETHEUS', 'ALERTMANAGER']);
  });
});
