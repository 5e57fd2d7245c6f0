import { describe, expect, it } from 'vitest';
import { AppError } from '../../backend/model/errors.ts';
import { testCluster } from '../../backend/model/test-cluster.ts';
import type { TraceSearchAnswer } from '../../backend/model/trace.ts';
import { ManualClock } from '../../backend/platform/clock.ts';
import type { CallContext } from '../context.ts';
import { getServiceGraph } from './get-service-graph.ts';
import { getTrace } from './get-trace.ts';
import { searchTraces } from './search-traces.ts';

const cluster = testCluster('edge-1');
const now = Date.parse('2026-03-01T10:00:00Z') / 1000;

/** Runs a tool and gives back what it asked the collector. */
async function asked(
  tool: typeof searchTraces | typeof getTrace | typeof getServiceGraph,
  input: unknown,
): Promise<unknown> {
  let seen: unknown;
  const see = (query: unknown) => {
    seen = query;
    return Promise.resolve({});
  };
  const context = {
    clock: new ManualClock('2026-03-01T10:00:00.000Z'),
    question: async () => ({ clusters: [cluster], budgetMs: 29_500, signal: new AbortController().signal, scope: '' }),
    services: { traces: { search: see, get: see, graph: see } },
  } as unknown as CallContext; // proof: these are all that the tools touch, and the assertions below would miss anything else
  const run = tool.run as (context: CallContext, input: unknown) => Promise<unknown>; // proof: parsed by its own schema
  await run(context, tool.input.parse(input));
  return seen;
}

describe('search_traces', () => {
  it('asks for the newest 20 of the last hour unless it says otherwise', async () => {
    expect(await asked(searchTraces, {})).toMatchObject({
      start: now - 3600,
      end: now,
      limit: 20,
      query: undefined,
      named: false,
    });
    expect(
      await asked(searchTraces, {
        service_name: 'a*',
        has_errors: true,
        tags: { k: 'v' },
        clusters: ['edge-1'],
        start: '-10m',
        limit: 5,
      }),
    ).toMatchObject({
      start: now - 600,
      limit: 5,
      named: true,
      filter: { serviceName: 'a*', hasErrors: true, tags: { k: 'v' } },
    });
  });

  it('refuses TraceQL together with filters rather than ignore some of it', async () => {
    const error: unknown = await asked(searchTraces, { query: '{}', service_name: 'x' }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ code: 'VALIDATION_FAILED', details: { issues: [{ field: 'query' }] } });
  });

  it.each([[{ limit: 101 }], [{ limit: 0 }], [{ min_duration_ms: -1 }], [{ trace_id: 'xyz' }]])(
    'refuses %j',
    (input) => {
      expect(searchTraces.input.safeParse(input).success).toBe(false);
    },
  );

  const answer = (over: Partial<TraceSearchAnswer>): TraceSearchAnswer => ({
    query: '{}',
    start: '2026-03-01T09:00:00.000Z',
    end: '2026-03-01T10:00:00.000Z',
    traces: [],
    more: false,
    clusters: [],
    complete: true,
    notes: [],
    ...over,
  });
  const outcome = { cluster_id: cluster.id, cluster_name: 'edge-1', query_time_ms: 1, cached: false };

  it('says in words why there is nothing', () => {
    expect(searchTraces.summarize(answer({}))).toMatch(/No cluster is in scope/);
    expect(searchTraces.summarize(answer({ clusters: [{ ...outcome, status: 'SKIPPED' }] }))).toMatch(
      /None of these clusters has a Tempo/,
    );
    expect(searchTraces.summarize(answer({ clusters: [{ ...outcome, status: 'SUCCESS' }] }))).toMatch(
      /No trace matches\. Widen/,
    );
  });
});

describe('get_trace', () => {
  it('takes an id without its leading zeros, in any case', async () => {
    expect(await asked(getTrace, { trace_id: 'ABC' })).toMatchObject({
      traceId: 'abc'.padStart(32, '0'),
      below: undefined,
    });
  });

  it('leaves the spans out of what a model reads, and says so by not being whole', () => {
    const whole = {
      spans: [{}],
      analysis: { critical_path: Array.from({ length: 25 }, () => ({})), services: [], operations: [] },
      tree: ['a'],
    };
    const view = getTrace.forModel?.view(
      whole as unknown as Parameters<NonNullable<typeof getTrace.forModel>['view']>[0],
    ); // proof: the view touches these only
    expect(view?.whole).toBe(false);
    expect(view?.output).not.toHaveProperty('spans');
    expect(view?.output).toMatchObject({ tree: ['a'], analysis: { critical_path: { length: 10 } } });
  });
});

describe('get_service_graph', () => {
  it('looks at metrics first, by the name that Tempo gives them', async () => {
    expect(await asked(getServiceGraph, { service_name: 'checkout' })).toMatchObject({
      service: 'checkout',
      source: 'AUTO',
      metric: 'traces_service_graph_request',
      limit: 50,
    });
    expect(getServiceGraph.input.safeParse({ metric: 'up}) or vector(1' }).success).toBe(false);
  });
});
