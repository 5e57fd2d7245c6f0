import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPrometheusClient } from './prometheus.ts';
import { type TestServer, hasVictoriaMetrics, startVictoriaMetrics } from './test-servers.ts';
import { loopbackTransport, targetAt } from './test-transport.ts';

/* Runs where `victoria-metrics` is on the path (Debian: apt-get install victoria-metrics); prometheus-manners.test.ts speaks its bodies. */

// It hides what is younger than 30 s.
const end = Math.floor(Date.now() / 60_000) * 60 - 3600;

describe.skipIf(!hasVictoriaMetrics())('against a real VictoriaMetrics', () => {
  const transport = loopbackTransport();
  const client = createPrometheusClient(transport);
  const limits = { timeoutMs: 5_000 };
  let server: TestServer;
  const target = () => targetAt(server.url);
  const window = { start: end - 600, end, ...limits };

  beforeAll(async () => {
    const lines: string[] = [];
    for (let t = end - 600; t <= end; t += 60)
      for (const pod of ['a', 'b']) lines.push(`demo{pod="${pod}"} ${t % 100} ${t * 1000}`);
    lines.push(`odd{v="inf"} +Inf ${end * 1000}`, `odd{v="small"} 1e-7 ${end * 1000}`);
    server = await startVictoriaMetrics(lines.join('\n'));
  });
  afterAll(async () => {
    await server.stop();
    await transport.close();
  });

  it('answers instants and ranges on the grid that was asked', async () => {
    const instant = await client.instant(target(), { query: 'sum(demo)', time: end, ...limits });
    expect(instant).toMatchObject({
      resultType: 'VECTOR',
      series: [{ metric: {}, values: [[end, String(2 * (end % 100))]] }],
    });
    const range = await client.range(target(), { query: 'demo{pod="a"}', start: end - 300, end, step: 60, ...limits });
    expect(range.series[0]?.values.map(([t]) => t)).toEqual([0, 1, 2, 3, 4, 5].map((k) => end - 300 + k * 60));
  });

  it('gives a scalar as a vector, and leaves NaN out', async () => {
    expect((await client.instant(target(), { query: '1', time: end, ...limits })).resultType).toBe('VECTOR');
    expect((await client.instant(target(), { query: 'demo * NaN', time: end, ...limits })).series).toEqual([]);
  });

  it('lists labels, values and series', async () => {
    expect((await client.labels(target(), window)).value).toEqual(expect.arrayContaining(['__name__', 'pod']));
    expect((await client.labelValues(target(), { ...window, label: 'pod' })).value).toEqual(['a', 'b']);
    const { value } = await client.series(target(), { ...window, matchers: ['demo{pod="b"}'] });
    expect(value).toEqual([{ __name__: 'demo', pod: 'b' }]);
  });

  it('has its parse errors told as those of the query, and tells nothing about itself', async () => {
    await expect(client.instant(target(), { query: 'sum(demo', time: end, ...limits })).rejects.toMatchObject({
      code: 'INVALID_PROMQL',
    });
    expect(await client.server(target(), limits)).toEqual({ flavor: 'UNKNOWN' });
  });

  it('takes a long query, and is ready', async () => {
    const query = `demo{pod=~"a|${'x'.repeat(9_000)}"}`;
    expect((await client.instant(target(), { query, time: end, ...limits })).series).toHaveLength(1);
    await expect(client.ready(target(), limits)).resolves.toBeUndefined();
  });

  it('answers for metadata with nothing or says that it does not know the path', async () => {
    const answer = await client.metadata(target(), limits).catch((error: unknown) => error);
    expect([{ value: {}, warnings: [] }, expect.objectContaining({ code: 'SPOKE_ERROR' })]).toContainEqual(answer);
  });
});
