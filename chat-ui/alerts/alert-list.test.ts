import { describe, expect, it } from 'vitest';
import type { Alert } from '../../backend/model/alert.ts';
import { alert, cluster } from '../test-support.ts';
import { facetCounts, filterAlerts, groupAlerts, rowsOf, sortAlerts } from './alert-list.ts';
import { alertsUrl, alertUrl, dispositionOf, NO_FILTER, readAlertsView } from './alerts-view.ts';
import { covered, firstLabels, matcherText } from './silence.ts';

const A = cluster(1, 'alpha');
const B = cluster(2, 'beta');
let count = 0;
const one = (of: typeof A, name: string, rest: Partial<Alert> = {}) =>
  alert(of, name, { fingerprint: String((count += 1)), ...rest });
const ALL = [
  one(A, 'Down', { severity: 'CRITICAL', labels: { namespace: 'shop' }, starts_at: '2026-03-01T09:00:00.000Z' }),
  one(B, 'Down', { severity: 'CRITICAL', labels: { namespace: 'web' }, starts_at: '2026-03-01T08:00:00.000Z' }),
  one(A, 'Slow', { silenced: true, labels: { namespace: 'shop', pod: 'Cart-1' } }),
  one(A, 'Slow', { state: 'PENDING' }),
  one(B, 'Watchdog', { severity: 'INFO' }),
];
const view = (url: string) => readAlertsView(Object.fromEntries(new URL(url, 'http://x').searchParams));
const names = (alerts: readonly Alert[]) => alerts.map((a) => `${a.alertname}@${a.cluster_name}`);

describe('filters of alerts', () => {
  it('stand in the URL and come back from it, also with commas in a value', () => {
    const wanted = { ...view('/alerts'), text: 'a b', severity: ['CRITICAL'] as const, cluster: ['a,b', '100%'] };
    const url = alertsUrl({ ...wanted, group: 'cluster', open: 'a,b', sort: { by: 'since', descending: true } });
    expect(view(url)).toEqual({ ...wanted, group: 'cluster', open: 'a,b', sort: { by: 'since', descending: true } });
    expect(alertsUrl(view('/alerts?severity=nonsense&state=x&group=y&sort=z'))).toBe('/alerts');
  });

  it('lead back from one alert to the list it was found in', () => {
    const url = new URL(
      alertUrl({ fingerprint: 'f', cluster_name: 'alpha' }, view('/alerts?severity=info')),
      'http://x',
    );
    expect([url.pathname, url.searchParams.get('on'), url.searchParams.get('back')]).toEqual([
      '/alerts/f',
      'alpha',
      'severity=info',
    ]);
  });

  it('let through what all of them do; values of one are alternatives', () => {
    const found = (url: string) => names(filterAlerts(ALL, view(url)));
    expect(found('/alerts?severity=critical,info&cluster=beta')).toEqual(['Down@beta', 'Watchdog@beta']);
    expect(found('/alerts?state=silenced')).toEqual(['Slow@alpha']);
    expect(found('/alerts?state=firing&namespace=shop')).toEqual(['Down@alpha']);
    expect(found('/alerts?q=slow+CART')).toEqual(['Slow@alpha']);
  });

  it('count what each value would show beside the other filters, so that the numbers add up to the list', () => {
    const filter = { ...NO_FILTER, severity: ['CRITICAL'] as const };
    expect([...facetCounts(ALL, filter, 'cluster')]).toEqual([
      ['alpha', 1],
      ['beta', 1],
    ]);
    expect(facetCounts(ALL, filter, 'severity').get('INFO')).toBe(1);
    expect(facetCounts(ALL, { ...filter, cluster: ['gone'] }, 'cluster').get('gone')).toBe(0);
  });

  it('tell apart what fires, waits, and is kept quiet', () => {
    expect(ALL.map(dispositionOf)).toEqual(['FIRING', 'FIRING', 'SILENCED', 'PENDING', 'FIRING']);
  });
});

describe('order and groups of alerts', () => {
  it('are most severe first, then newest', () => {
    expect(names(sortAlerts(ALL.toReversed(), { by: 'severity', descending: true })).slice(0, 2)).toEqual([
      'Down@alpha',
      'Down@beta',
    ]);
    expect(names(sortAlerts(ALL, { by: 'since', descending: false }))[0]).toBe('Down@beta');
  });

  it('hold every alert once, the open group with its alerts below it', () => {
    const groups = groupAlerts(ALL, 'namespace');
    expect(groups.map((group) => [group.name, group.alerts.length, group.clusters])).toEqual([
      ['shop', 2, 1],
      ['web', 1, 1],
      ['', 2, 2],
    ]);
    expect(groups.reduce((sum, group) => sum + group.alerts.length, 0)).toBe(ALL.length);
    expect(rowsOf(ALL, 'namespace', 'shop').map((row) => row.kind)).toEqual([
      'group',
      'alert',
      'alert',
      'group',
      'group',
    ]);
  });
});

describe('a silence', () => {
  it('begins with the labels that tell what it is, not which pod, and covers the alerts that have them', () => {
    const labels = { alertname: 'Slow', namespace: 'shop', pod: 'cart-1', instance: '10.0.0.1' };
    const mine = [one(A, 'Slow', { labels }), one(A, 'Slow', { labels: { ...labels, pod: 'cart-2' } }), one(A, 'X')];
    expect(firstLabels(labels)).toEqual(['alertname', 'namespace']);
    expect(covered(mine, ['alertname', 'namespace'], labels)).toHaveLength(2);
    expect(covered(mine, ['alertname', 'pod'], labels)).toHaveLength(1);
    expect(matcherText('a', 'x"\\\n')).toBe('a="x\\"\\\\\\n"');
  });
});
