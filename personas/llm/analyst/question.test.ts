import { describe, expect, it } from 'vitest';
import { understand } from './question.ts';
import { unreadOf } from './words.ts';

describe('understanding a question', () => {
  it.each([
    ['memory in the last hour', '1h'],
    ['in the last 30 minutes', '30m'],
    ['past 2 days', '2d'],
    ['over the last two hours', '2h'],
    ['the last 15m', '15m'],
    ['last 1.5 hours', '90m'],
    ['last 0.5 minutes', '30s'],
    ['last 0 hours', undefined],
    ['the previous week', '1w'],
    ['at last', undefined],
    ['the last pod', undefined],
  ])('reads the window of %j as %s', (text, window) => {
    expect(understand(text).window).toBe(window);
  });

  it.each([
    ['run up', 'up'],
    ['Run up == 0', 'up == 0'],
    ['query up == 0', 'up == 0'],
    ['query up{} > 1 in edge-1', 'up{} > 1'],
    ['run a + b report', undefined],
    ['Run up{job="x"}?', 'up{job="x"}'],
    ['query: sum by (pod) (up) in edge-1', 'sum by (pod) (up)'],
    ['run up{a="b"} over the last 5 minutes', 'up{a="b"}'],
    ['what does ```rate(x[5m])``` say', 'rate(x[5m])'],
    ['run a report', undefined],
    ['how does prometheus run', undefined],
  ])('finds the PromQL of %j', (text, promql) => {
    expect(understand(text).promql).toBe(promql);
  });

  it.each([
    ['alerts in edge-1', ['edge-1']],
    ['alerts in the cluster lab?', ['lab']],
    ['memory of cluster west and east-2', ['west', 'east-2']],
    ['top5 pods in the last 30m', []],
    ['pods in total', []],
    ['pods in namespace kube-system', []],
    ['which cluster is down', []],
    ['cluster health', []],
    ['is every cluster healthy', []],
    ['is cluster edge-9 up', ['edge-9']],
  ])('finds the cluster words of %j', (text, words) => {
    expect(understand(text).clusterWords).toEqual(words);
  });

  it('bounds the number of lines and defaults it to 10', () => {
    expect(['top 5 pods', 'top pods', 'top 500 pods', '3 biggest pods'].map((text) => understand(text).limit)).toEqual([
      5, 10, 50, 3,
    ]);
  });

  it.each([
    ['top five', 5, 0],
    ['top 5000', 50, 1],
    ['top 0', 10, 1],
    ['pods', 10, 0],
  ])('reads %j as %d lines with %d notes', (text, limit, notes) => {
    const question = understand(text);
    expect([question.limit, question.notes.length]).toEqual([limit, notes]);
  });

  it('reads label selectors as they are written, and leaves labels of alerts to others', () => {
    expect(understand('Clusters with Team=Blue, tier != edge, severity=critical').selectors).toMatchObject([
      { key: 'Team', value: 'Blue', negated: false },
      { key: 'tier', value: 'edge', negated: true },
    ]);
  });

  it.each([
    ['alerts in shop namespace', 'shop'],
    ['alerts with namespace="shop"', 'shop'],
    ['alerts not in namespace shop', undefined],
    ['memory per namespace', undefined],
    ['critical namespace alerts', undefined],
  ])('reads the namespace of %j as %s', (text, namespace) => {
    expect(understand(text).namespace).toBe(namespace);
  });

  it('takes time linear in the length of a hostile question', () => {
    const started = performance.now();
    for (const piece of [
      'in the ',
      'cluster a-',
      '`',
      'last 1',
      'namespace ',
      ' - ',
      'run (',
      'not in ',
      'a=b ',
      'run a + ',
      'prod and ',
      'top ',
    ])
      unreadOf(understand(piece.repeat(5000)), [], new Set());
    expect(performance.now() - started).toBeLessThan(500);
  });
});
