import { describe, expect, it } from 'vitest';
import { understand } from './question.ts';

describe('understanding a question', () => {
  it.each([
    ['memory in the last hour', '1h'],
    ['in the last 30 minutes', '30m'],
    ['past 2 days', '2d'],
    ['over the last two hours', '2h'],
    ['the last 15m', '15m'],
    ['the previous week', '1w'],
    ['at last', undefined],
    ['the last pod', undefined],
  ])('reads the window of %j as %s', (text, window) => {
    expect(understand(text).window).toBe(window);
  });

  it.each([
    ['run up', 'up'],
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

  it('takes time linear in the length of a hostile question', () => {
    const started = performance.now();
    for (const piece of ['in the ', 'cluster a-', '`', 'last 1', 'namespace ', ' - ', 'run ('])
      understand(piece.repeat(5000));
    expect(performance.now() - started).toBeLessThan(500);
  });
});
