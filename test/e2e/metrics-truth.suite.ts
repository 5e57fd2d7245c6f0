import { describe, expect, it } from 'vitest';
import type { MetricsAnswer } from '../../backend/model/metrics.ts';
import type { Demo } from '../support/demo.ts';
import { rest } from '../support/server-process.ts';

const QUERIES = [
  'up',
  'sum by (namespace) (rate(container_cpu_usage_seconds_total[5m]))',
  'topk(3, container_memory_working_set_bytes)',
  'histogram_quantile(0.99, sum by (le, service) (rate(http_request_duration_seconds_bucket[5m])))',
  'absent(no_such_metric_at_all)',
  '1 / 0',
  'vector(1) - vector(1) / 0',
];

interface Raw {
  data: {
    resultType: string;
    result: { metric: Record<string, string>; value?: [number, string]; values?: [number, string][] }[];
  };
}

/** What a cluster's own Prometheus answers, as rows of labels, time and value text. */
async function direct(url: string, path: string, parameters: Record<string, string>): Promise<string[]> {
  const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
  const { data } = (await response.json()) as Raw; // proof: the real server's documented answer
  if (data.resultType === 'scalar') return [rows({}, [data.result as unknown as [number, string]])].flat(); // proof: a scalar is one sample
  return data.result
    .flatMap((series) => rows(series.metric, series.values ?? (series.value === undefined ? [] : [series.value])))
    .sort();
}

function rows(metric: Record<string, string>, samples: [number, string][]): string[] {
  const labels = JSON.stringify(Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)));
  return samples.map(([time, value]) => `${labels} ${time} ${value}`);
}

/** What the fleet answers for one cluster, without the label that the merge adds. */
function merged(answer: MetricsAnswer, cluster: string): string[] {
  const result = answer.results.find((r) => r.cluster_name === cluster);
  return (result?.data ?? [])
    .flatMap((series) => {
      const { cluster: label, ...metric } = series.metric;
      expect(label).toBe(cluster);
      return rows(metric, series.values);
    })
    .sort();
}

/** Over a fleet that other tests use too: what it breaks it mends. */
export function metricsTruthSuite(running: () => Demo): void {
  const answering = () => running().fleet.clusters.filter((c) => c.spec.prometheusRuns);

  describe('query_metrics over the fleet', () => {
    it.each(QUERIES)('equals what each Prometheus says of %s, sample for sample', async (query) => {
      const time = String(Math.floor(Date.now() / 1000) - 30);
      const { body } = await rest(running().url, 'POST', '/api/v1/metrics/query', { body: { query, time } });
      for (const cluster of answering()) {
        const truth = await direct(cluster.prometheusUrl, 'query', { query, time });
        expect(merged(body as MetricsAnswer, cluster.name)).toEqual(truth);
      }
    });

    it.each(QUERIES)('equals it over a range of %s', async (query) => {
      const end = String(Math.floor(Date.now() / 1000) - 30);
      const start = String(Number(end) - 3600);
      const { body } = await rest(running().url, 'POST', '/api/v1/metrics/query_range', {
        body: { query, start, end, step: '30s' },
      });
      let samples = 0;
      for (const cluster of answering()) {
        const truth = await direct(cluster.prometheusUrl, 'query_range', { query, start, end, step: '30' });
        expect(merged(body as MetricsAnswer, cluster.name)).toEqual(truth);
        samples += truth.length;
      }
      expect(samples).toBeGreaterThan(0);
    });

    it('answers once for the fleet, with what the clusters say added up and the silent one named', async () => {
      const time = String(Math.floor(Date.now() / 1000) - 30);
      const query = 'count by (job) (up)';
      const total = new Map<string, number>();
      for (const cluster of answering()) {
        for (const row of await direct(cluster.prometheusUrl, 'query', { query, time })) {
          const [labels = '', , value] = row.split(' ');
          total.set(labels, (total.get(labels) ?? 0) + Number(value));
        }
      }
      const { status, body } = await rest(running().url, 'POST', '/api/v1/metrics/query', {
        body: { query, time, aggregation: 'FLEET' },
      });
      const answer = body as MetricsAnswer;
      expect(status).toBe(206);
      const merged = (answer.merged?.data ?? []).flatMap(({ metric, values }) => rows(metric, values));
      expect(merged.sort()).toEqual([...total].map(([labels, value]) => `${labels} ${time} ${value}`).sort());
      expect(answer.notes.at(-1)).toContain('Without edge-lab-1: sums');
      const absent = await rest(running().url, 'POST', '/api/v1/metrics/query', {
        body: { query: 'absent(no_such_metric_at_all)', time, aggregation: 'FLEET' },
      });
      expect(absent.status).toBe(422);
      expect(absent.body['error']).toMatchObject({ code: 'QUERY_REFUSED', details: { rule: 'undecidable' } });
    });

    it('says that the cluster whose Prometheus is down did not answer', async () => {
      const { status, body } = await rest(running().url, 'POST', '/api/v1/metrics/query', { body: { query: 'up' } });
      const answer = body as MetricsAnswer;
      expect(status).toBe(206);
      expect(answer.complete).toBe(false);
      // SKIPPED once the questions above have opened its breaker; the reason is the same.
      const down = answer.results.find((r) => r.cluster_name === 'edge-lab-1');
      expect(['ERROR', 'SKIPPED']).toContain(down?.status);
      expect(down).toMatchObject({ error: { message: expect.stringContaining('connection was refused') }, data: [] });
    });

    it('keeps the others when one Prometheus is killed, within the deadline', async () => {
      // Different queries, because an answer to the same one would be served from the cache.
      const ask = (query: string) =>
        rest(running().url, 'POST', '/api/v1/metrics/query', {
          body: { query, clusters: ['hub-1', 'prod-eu-1', 'prod-us-1'], timeout: 5 },
        });
      expect((await ask('up')).body['complete']).toBe(true);
      await running().fleet.kill('prod-us-1', 'prometheus');
      try {
        const started = performance.now();
        const { body } = await ask('up == 1');
        expect(performance.now() - started).toBeLessThan(5_250);
        const answer = body as MetricsAnswer;
        expect(answer.complete).toBe(false);
        expect(answer.results.map((r) => [r.cluster_name, r.status, r.data.length > 0])).toEqual([
          ['hub-1', 'SUCCESS', true],
          ['prod-eu-1', 'SUCCESS', true],
          ['prod-us-1', 'ERROR', false],
        ]);
        expect(answer.results[2]?.error).toMatchObject({ code: 'CLUSTER_UNREACHABLE', message: expect.any(String) });
      } finally {
        await running().fleet.start('prod-us-1', 'prometheus');
      }
      expect((await ask('up >= 0')).body['complete']).toBe(true);
    });
  });
}
