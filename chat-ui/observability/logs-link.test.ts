import { describe, expect, it } from 'vitest';
import { logsUrl } from './logs-link.ts';
import { readShared } from './view-url.ts';

const TABS = [{ name: 'logs' }];
const shared = readShared({ tz: 'utc', clusters: 'a,b' });
const at = Date.parse('2026-03-01T10:00:00Z');
const point = (labels: Record<string, string>) => ({ cluster: 'hub-1', labels, fromMs: at, toMs: at });

describe('the way from a point to its logs', () => {
  it('is the cluster, namespace and pod, five minutes around, in the same zone', () => {
    const url = new URL(logsUrl(shared, point({ job: 'x', pod: 'cart-1', namespace: 'shop' }), TABS) ?? '', 'http://x');
    expect([url.pathname, Object.fromEntries(url.searchParams)]).toEqual([
      '/observability/logs',
      {
        q: '{namespace="shop", pod="cart-1"}',
        from: '2026-03-01T09:55:00.000Z',
        to: '2026-03-01T10:05:00.000Z',
        tz: 'utc',
        clusters: 'hub-1',
      },
    ]);
  });

  it('follows the workload rather than the exporter that told of it, and the attributes of a span', () => {
    const query = (labels: Record<string, string>) =>
      new URL(logsUrl(shared, point(labels), TABS) ?? '', 'http://x').searchParams.get('q');
    expect(query({ pod: 'dcgm', exported_pod: 'train-1' })).toBe('{pod="train-1"}');
    expect(query({ exported_pod: 'train-1', pod: 'dcgm' })).toBe('{pod="train-1"}');
    expect(query({ 'k8s.pod.name': 'a"b' })).toBe('{pod="a\\"b"}');
  });

  it('is not there without a page of logs, or without anything to find them by', () => {
    expect(logsUrl(shared, point({ pod: 'x' }), [{ name: 'metrics' }])).toBeUndefined();
    expect(logsUrl(shared, point({ instance: 'x' }), TABS)).toBeUndefined();
  });
});
