import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Alert } from '../../model/alert.ts';
import { testCluster } from '../../model/test-cluster.ts';
import type { AlertmanagerAlert } from '../../spokes/alertmanager.ts';
import type { PrometheusAlert } from '../../spokes/prometheus.ts';
import { fingerprintOf } from './fingerprint.ts';
import { mergeAlerts as mergeWithRules, severityOf } from './merge-alerts.ts';

const mergeAlerts = (...args: Parameters<typeof mergeWithRules>) => mergeWithRules(...args).map(({ alert }) => alert);

const cluster = testCluster('edge-1');
const active = '2026-03-01T10:00:00.123456789Z';
const sent = '2026-03-01T10:05:00Z';

function rule(labels: Record<string, string>, over: Partial<PrometheusAlert> = {}): PrometheusAlert {
  return { labels, annotations: {}, state: 'firing', activeAt: active, ...over };
}

function notified(labels: Record<string, string>, over: Partial<AlertmanagerAlert> = {}): AlertmanagerAlert {
  return {
    fingerprint: fingerprintOf(labels),
    labels,
    annotations: {},
    startsAt: sent,
    endsAt: '2026-03-01T10:10:00Z',
    generatorURL: undefined,
    silencedBy: [],
    inhibitedBy: [],
    ...over,
  };
}

describe('merging alerts', () => {
  it('lists an alert that both know once, with what Alertmanager knows of it', () => {
    const labels = { alertname: 'Down', severity: 'critical' };
    const merged = mergeAlerts(
      cluster,
      [rule(labels)],
      [notified(labels, { silencedBy: ['s1'], generatorURL: 'http://g' })],
    );
    expect(merged).toEqual([
      {
        id: `edge-1/${fingerprintOf(labels)}/2026-03-01T10:05:00.000Z`,
        fingerprint: fingerprintOf(labels),
        cluster_id: cluster.id,
        cluster_name: 'edge-1',
        alertname: 'Down',
        severity: 'CRITICAL',
        state: 'FIRING',
        silenced: true,
        inhibited: false,
        labels,
        annotations: {},
        starts_at: '2026-03-01T10:05:00.000Z',
        generator_url: 'http://g',
        sources: ['PROMETHEUS', 'ALERTMANAGER'],
      },
    ]);
  });

  it('finds the partner of an alert that got external labels on its way', () => {
    const merged = mergeAlerts(
      cluster,
      [rule({ alertname: 'Down', pod: 'a' }), rule({ alertname: 'Down' })],
      [notified({ alertname: 'Down', region: 'eu' }), notified({ alertname: 'Down', pod: 'a', region: 'eu' })],
    );
    expect(merged.map((alert) => [alert.labels, alert.sources.length])).toEqual([
      [{ alertname: 'Down', pod: 'a', region: 'eu' }, 2],
      [{ alertname: 'Down', region: 'eu' }, 2],
    ]);
  });

  it('does not take an older alert for a newer one, nor a pending one for a firing one', () => {
    const older = notified({ alertname: 'Down', region: 'eu' }, { startsAt: '2026-03-01T09:00:00Z' });
    expect(mergeAlerts(cluster, [rule({ alertname: 'Down' })], [older]).map((alert) => alert.sources)).toEqual([
      ['PROMETHEUS'],
      ['ALERTMANAGER'],
    ]);
    const labels = { alertname: 'Soon' };
    const merged = mergeAlerts(cluster, [rule(labels, { state: 'pending' })], [notified(labels)]);
    expect(merged.map((alert) => alert.state)).toEqual(['PENDING', 'FIRING']);
  });

  it('keeps what only one of them knows', () => {
    const merged = mergeAlerts(
      cluster,
      [rule({ alertname: 'A' })],
      [notified({ alertname: 'B' }, { inhibitedBy: ['x'] })],
    );
    expect(merged).toMatchObject([
      { alertname: 'A', starts_at: '2026-03-01T10:00:00.123Z', sources: ['PROMETHEUS'], inhibited: false },
      { alertname: 'B', sources: ['ALERTMANAGER'], inhibited: true },
    ]);
  });

  it('neither loses nor invents an alert, whatever the labels', () => {
    const labels = fc.dictionary(fc.constantFrom('pod', 'ns', 'region'), fc.constantFrom('a', 'b'), {
      noNullPrototype: true,
    });
    const distinct = fc.uniqueArray(labels, {
      selector: (set) => fingerprintOf({ alertname: 'X', ...set }),
      maxLength: 8,
    });
    fc.assert(
      fc.property(distinct, distinct, (left, right) => {
        const rules = left.map((set) => rule({ alertname: 'X', ...set }));
        const sentOut = right.map((set) => notified({ alertname: 'X', ...set }));
        const merged = mergeAlerts(cluster, rules, sentOut);
        const both = merged.filter((alert) => alert.sources.length === 2).length;
        expect(merged.length).toBe(rules.length + sentOut.length - both);
        const seen = merged.filter((alert) => alert.sources.includes('ALERTMANAGER')).map((alert) => alert.fingerprint);
        expect(seen.toSorted()).toEqual(sentOut.map((alert) => alert.fingerprint).toSorted());
        for (const alert of merged) expect(Alert.safeParse(alert).success).toBe(true);
        // Whatever has the same labels on both sides meets.
        const shared = rules.filter((one) => sentOut.some((other) => other.fingerprint === fingerprintOf(one.labels)));
        expect(both).toBeGreaterThanOrEqual(shared.length);
      }),
    );
  });
});

describe('severity', () => {
  it.each([
    ['critical', 'CRITICAL'],
    ['Critical', 'CRITICAL'],
    ['page', 'CRITICAL'],
    ['error', 'CRITICAL'],
    ['warning', 'WARNING'],
    ['info', 'INFO'],
    ['none', 'INFO'],
    ['constructor', 'INFO'],
    [undefined, 'INFO'],
  ])('reads %s as %s', (label, severity) => {
    expect(severityOf(label)).toBe(severity);
  });
});
