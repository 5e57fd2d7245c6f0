import { describe, expect, it } from 'vitest';
import { argumentText, clusterFacts, durationText, LONGEST_RESULT, resultText } from './tool-facts.ts';

const run = (args: Record<string, unknown>, result?: unknown) => ({
  call: { id: 'c', name: 'query_metrics', arguments: args },
  result:
    result === undefined
      ? undefined
      : { tool_call_id: 'c', status: 'SUCCESS' as const, result, duration_ms: 1, evidence: 'E1' },
});

describe('tool facts', () => {
  it('tells which clusters were asked and how many answered', () => {
    const outcome = (status: string) => ({ cluster_name: 'x', status });
    expect(clusterFacts(run({ clusters: ['a', 'b'] }))).toEqual({ asked: 'a, b', answered: undefined, complete: true });
    expect(
      clusterFacts(
        run({}, { clusters: [outcome('SUCCESS'), outcome('PARTIAL'), outcome('TIMEOUT'), outcome('SKIPPED')] }),
      ),
    ).toEqual({
      asked: 'all clusters in scope',
      answered: '2 of 3 answered, 1 in part',
      complete: false,
    });
    expect(clusterFacts(run({ clusters: 'environment=LAB' }, { results: [outcome('SUCCESS')] }))).toMatchObject({
      asked: 'environment=LAB',
      complete: true,
    });
    expect(clusterFacts(run({ x: 1 }, { items: [] }))).toBeUndefined();
  });

  it('says how much of a long result is not shown', () => {
    const { text, omitted } = resultText('x'.repeat(LONGEST_RESULT + 5));
    expect([text.length, omitted]).toEqual([LONGEST_RESULT, 5]);
    expect(resultText({ a: 1 })).toEqual({ text: '{\n  "a": 1\n}', omitted: 0 });
  });

  it('writes arguments and durations for reading', () => {
    expect(argumentText({ query: 'up', limit: 5, clusters: ['a'] })).toBe('query=up  limit=5');
    expect([durationText(12.4), durationText(1240), durationText(65_000)]).toEqual(['12 ms', '1.2 s', '65 s']);
  });
});
