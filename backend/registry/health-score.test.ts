import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClusterState } from '../model/cluster.ts';
import { connectivityOf, errorOf, type HealthCheck, healthScore, nextState, recentChecks } from './health-score.ts';

const result = fc.oneof(
  fc.constant({ ok: true } as const),
  fc.string().map((error) => ({ ok: false, error }) as const),
);
const check: fc.Arbitrary<HealthCheck> = fc.record(
  { at: fc.constant(new Date(0)), api: result, prometheus: result, alertmanager: result },
  { requiredKeys: ['at', 'api'] },
);
const state = fc.constantFrom(...ClusterState.options);
const UP = { ok: true } as const;
const DOWN = { ok: false, error: 'refused' } as const;
const at = new Date(0);

describe('health score', () => {
  it.each([
    [{ at, api: UP }, 100],
    [{ at, api: DOWN }, 50],
    [{ at, api: UP, prometheus: DOWN }, 80],
    [{ at, api: DOWN, prometheus: DOWN }, 30],
    [{ at, api: UP, prometheus: UP, alertmanager: DOWN }, 100],
  ] satisfies [HealthCheck, number][])('of %j is %i', (given, score) => {
    expect(healthScore(given)).toBe(score);
  });

  it('lies within 0 and 100, and is 100 when all is well', () => {
    fc.assert(
      fc.property(check, (c) => {
        const score = healthScore(c);
        return score >= 0 && score <= 100 && (nextState('UNKNOWN', c) !== 'ONLINE' || score === 100);
      }),
    );
  });

  it('never rises when one more endpoint goes down', () => {
    fc.assert(
      fc.property(
        check,
        fc.constantFrom('api', 'prometheus', 'alertmanager'),
        (c, part) => healthScore({ ...c, [part]: DOWN }) <= healthScore(c),
      ),
    );
  });

  it('is not touched by an endpoint that the cluster does not have', () => {
    fc.assert(
      fc.property(check, (c) => {
        const { prometheus: _, ...without } = c;
        return healthScore(without) === healthScore({ ...without, prometheus: UP });
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
    ['DEGRADED', { at, api: DOWN, prometheus: UP }, 'OFFLINE'],
    ['OFFLINE', { at, api: UP, prometheus: DOWN }, 'DEGRADED'],
    ['DEGRADED', { at, api: UP, prometheus: UP }, 'ONLINE'],
    ['PROVISIONING', { at, api: DOWN }, 'PROVISIONING'],
    ['PROVISIONING', { at, api: UP }, 'ONLINE'],
  ] satisfies [ClusterState, HealthCheck, ClusterState][])('goes from %s by %j to %s', (from, given, to) => {
    expect(nextState(from, given)).toBe(to);
  });

  it('is OFFLINE exactly when the API is down, once the cluster has been there', () => {
    fc.assert(
      fc.property(
        state,
        check,
        (from, c) => (nextState(from, c) === 'OFFLINE') === (!c.api.ok && from !== 'PROVISIONING'),
      ),
    );
  });

  it('settles: the same check twice changes nothing more', () => {
    fc.assert(fc.property(state, check, (from, c) => nextState(nextState(from, c), c) === nextState(from, c)));
  });

  it('is never UNKNOWN after a check, and has an error exactly when something is down', () => {
    fc.assert(
      fc.property(state, check, (from, c) => {
        const to = nextState(from, c);
        return to !== 'UNKNOWN' && (to === 'ONLINE') === (errorOf(c) === null);
      }),
    );
  });
});

describe('connectivity', () => {
  const after = (checks: boolean[]) =>
    connectivityOf(checks.reduce((recent, ok) => recentChecks(recent, { at, api: ok ? UP : DOWN }), ''));

  it('is null before the first check', () => {
    expect(connectivityOf('')).toBeNull();
  });

  it('follows from the last three API checks alone', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }), (checks) => {
        const last = checks.slice(-3);
        const expected = last.every(Boolean) ? 'CONNECTED' : last.some(Boolean) ? 'INTERMITTENT' : 'DISCONNECTED';
        return after(checks) === expected;
      }),
    );
  });
});

describe('error of a check', () => {
  it('names everything that is down, in one line of at most 500 characters', () => {
    expect(errorOf({ at, api: DOWN, prometheus: UP, alertmanager: { ok: false, error: 'HTTP 503' } })).toBe(
      'API server: refused; Alertmanager: HTTP 503',
    );
    expect(errorOf({ at, api: { ok: false, error: 'x'.repeat(900) } })).toHaveLength(500);
  });
});
