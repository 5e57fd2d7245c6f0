import { describe, expect, it } from 'vitest';
import type { ServiceGraphAnswer, TraceAnswer, TraceSearchAnswer } from '../../backend/model/trace.ts';
import type { Services } from '../../tools/services.ts';
import { FLEET, analyst, outcome, uncitedNumbers } from './offline-analyst-fixture.ts';

const [edge, hub, lab] = FLEET;
if (!edge || !hub || !lab) throw new Error('the fixture has three clusters');
const ID = '2f3e0cee77ae5dc9c17ade3689eb2e54';
const found = (last: string, duration_ms: number, has_errors = true): TraceSearchAnswer['traces'][number] => ({
  trace_id: ID.slice(0, 31) + last,
  cluster_id: hub.id,
  cluster_name: 'hub-1',
  clusters: ['hub-1'],
  root_service: 'storefront',
  root_operation: 'POST /cart',
  start_time: '2026-03-01T09:59:00.000000000Z',
  duration_ms,
  span_count: 4,
  service_count: 2,
  has_errors,
  matched_spans: 1,
  spans: [],
});

/** A service that answers as told and keeps what it was asked. */
function tracesOf(answers: {
  search?: Partial<TraceSearchAnswer>;
  get?: TraceAnswer;
  graph?: Partial<ServiceGraphAnswer>;
}) {
  const asked: unknown[] = [];
  const window = { start: '2026-03-01T09:00:00.000Z', end: '2026-03-01T10:00:00.000Z' };
  const unexpected = () => Promise.reject(new Error('not expected to be asked'));
  const service: Services['traces'] = {
    search: (query) => {
      asked.push(query);
      const clusters = query.clusters.map((one) => outcome(one));
      return Promise.resolve({
        query: '{}',
        ...window,
        traces: [],
        more: false,
        clusters,
        complete: true,
        notes: [],
        ...answers.search,
      });
    },
    get: (request) => {
      asked.push(request);
      return answers.get ? Promise.resolve(answers.get) : unexpected();
    },
    graph: (query) => {
      asked.push(query);
      const clusters = query.clusters.map((one) => outcome(one));
      return Promise.resolve({
        source: 'METRICS',
        ...window,
        edges: [],
        total_edges: 0,
        clusters,
        complete: true,
        notes: [],
        ...answers.graph,
      });
    },
    spans: unexpected,
    names: unexpected,
  };
  return { asked, service };
}

describe('the offline analyst, of traces', () => {
  it.each([
    ['failed traces of checkout', { serviceName: 'checkout', hasErrors: true }, 10],
    ['Show me the erroring traces for the storefront service', { serviceName: 'storefront', hasErrors: true }, 10],
    ['slowest traces of checkout in the last 30 minutes', { serviceName: 'checkout', hasErrors: undefined }, 100],
    ['traces in hub-1', { serviceName: undefined, hasErrors: undefined }, 10],
    ['which checkout traces failed?', { serviceName: 'checkout', hasErrors: true }, 10],
  ])('searches for "%s"', async (question, filter, limit) => {
    const traces = tracesOf({});
    const message = await analyst({ traces: traces.service }).ask(question);
    expect(traces.asked).toMatchObject([{ filter, limit }]);
    expect(message.content).not.toContain('I did not understand');
    expect(message.content).toMatch(/No traces/);
  });

  it('lists the slowest first with id, root, time and errors, every number cited', async () => {
    const traces = tracesOf({
      search: {
        traces: [found('a', 120.5), found('b', 900, false)],
        more: true,
        notes: ['hub-1: the first 100 found'],
      },
    });
    const message = await analyst({ traces: traces.service }).ask('slow traces of storefront in hub-1');
    expect(message.content).toContain(
      'At least 2 [E2] traces of `storefront` in hub-1, the slowest of the newest first:',
    );
    const lines = message.content.split('\n').filter((line) => line.startsWith('- `2f3e'));
    expect(lines[0]).toContain('`storefront` `POST /cart` on hub-1: 900 ms [E2], at');
    expect(lines[1]).toContain('121 ms [E2], with errors');
    expect(uncitedNumbers(message.content)).toEqual([]);
  });

  it('explains one trace: where the error began and where the time went', async () => {
    const ref = { span_id: 's', service_name: 'storefront', operation_name: 'POST /orders', cluster_name: 'hub-1' };
    const { spans: _spans, matched_spans: _matched, ...trace } = found('4', 2000);
    const traces = tracesOf({
      get: {
        trace,
        analysis: {
          critical_path: [{ ...ref, at_ms: 1, ms: 1900, share: 0.95 }],
          critical_path_steps: 1,
          error_origins: [
            { ...ref, depth: 1, message: 'connection refused [x](http://evil.example)', calls: 'checkout' },
          ],
          error_origin_count: 1,
          error_span_count: 2,
          services: [],
          operations: [],
          slowest_spans: [],
          orphan_count: 0,
          missing_parents: [],
          duplicate_count: 0,
          clock_skews: [],
        },
        tree: [],
        tree_of: { shown: 0, total: 4 },
        spans: [],
        clusters: [outcome(hub)],
        complete: true,
        notes: [],
      },
    });
    const message = await analyst({ traces: traces.service }).ask(`show trace ${ID}`);
    expect(traces.asked).toMatchObject([{ traceId: ID }]);
    expect(message.content).toContain('2 [E2] spans failed; where it began:');
    expect(message.content).toContain(
      'calling `checkout` on hub-1: `connection refused [x](http://evil.example)` [E2]',
    );
    expect(message.content).toContain('1900 ms [E2], 95 % [E2]');
    expect(message.content).not.toContain('I did not understand');
    expect(uncitedNumbers(message.content)).toEqual([]);
  });

  it.each([['who calls checkout?'], ['callers of checkout']])(
    'answers "%s" with the calls into it only',
    async (question) => {
      const edgeOf = (client: string, server: string) => ({
        client,
        server,
        cluster_name: 'hub-1',
        requests: 120.4,
        failed: 3,
        p95_ms: 80,
      });
      const edges = [edgeOf('storefront', 'checkout'), edgeOf('checkout', 'postgresql')];
      const traces = tracesOf({ graph: { edges, total_edges: 2 } });
      const message = await analyst({ traces: traces.service }).ask(question);
      expect(traces.asked).toMatchObject([{ service: 'checkout', source: 'AUTO' }]);
      expect(message.content).toContain('1 [E2] kinds of calls into `checkout` in all clusters, counted from metrics:');
      expect(message.content).toContain(
        '- `storefront` → `checkout` on hub-1: 120 [E2] requests, 3 [E2] failed, p95 80 ms [E2]',
      );
      expect(message.content).not.toContain('postgresql');
      expect(message.content).not.toContain('I did not understand');
    },
  );

  it('says that a sample is no rate, and what of the question it did not read', async () => {
    const traces = tracesOf({ graph: { source: 'TRACES', sampled_traces: 40, edges: [], total_edges: 0 } });
    const message = await analyst({ traces: traces.service }).ask('what does storefront call on tuesdays?');
    expect(message.content).toContain('`tuesdays`');
    expect(message.content).toMatch(/No calls of `storefront` are known/);
  });
});
