import { describe, expect, it } from 'vitest';
import { testCluster } from '../../backend/model/test-cluster.ts';
import { ManualClock } from '../../backend/platform/clock.ts';
import type { CallContext } from '../context.ts';
import { getClusterHealthHistory as tool } from './get-cluster-health-history.ts';

const CLUSTER = testCluster('prod-1');

/** Runs the tool at 2026-03-01T10:00:00Z and gives the range that was read. */
async function rangeOf(input: { start?: string; end?: string }): Promise<string[]> {
  const read: string[] = [];
  const context = {
    clock: new ManualClock(),
    resolveCluster: async () => CLUSTER,
    services: {
      healthHistories: {
        read: async (_id: string, { from, to }: { from: Date; to: Date }) => {
          read.push(from.toISOString(), to.toISOString());
          return { transitions: [], rollups: [] };
        },
      },
    },
  } as unknown as CallContext; // proof: all that the tool uses
  const answer = tool.output.parse(await tool.run(context, tool.input.parse({ cluster: 'prod-1', ...input })));
  expect([answer.start, answer.end]).toEqual(read);
  return read;
}

describe('get_cluster_health_history', () => {
  it.each([
    [{}, ['2026-02-28T10:00:00.000Z', '2026-03-01T10:00:00.000Z']],
    [{ start: '-2h', end: '-1h' }, ['2026-03-01T08:00:00.000Z', '2026-03-01T09:00:00.000Z']],
    [{ start: '2020-01-01', end: '2030-01-01' }, ['2026-02-22T10:00:00.000Z', '2026-03-01T10:00:00.000Z']],
    [{ start: '-30d' }, ['2026-02-22T10:00:00.000Z', '2026-03-01T10:00:00.000Z']],
  ])('reads for %j the range %j', async (input, expected) => {
    expect(await rangeOf(input)).toEqual(expected);
  });

  it.each([{ start: 'now', end: '-1h' }, { start: 'yesterday' }])('refuses %j', async (input) => {
    await expect(rangeOf(input)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });

  it('sums up what it found, and says when there was no check', () => {
    const empty = {
      cluster_id: CLUSTER.id,
      cluster_name: 'prod-1',
      start: '2026-03-01T09:00:00.000Z',
      end: '2026-03-01T10:00:00.000Z',
      transitions: [],
      rollups: [],
    };
    const rollup = { start: empty.start, checks: 10, healthy_checks: 9, min_score: 80, avg_score: 98 };
    expect(tool.summarize(empty)).toBe('prod-1 was not checked in this time.');
    expect(tool.summarize({ ...empty, rollups: [rollup, rollup] })).toBe(
      'prod-1: everything answered in 18 of 20 checks; 0 changes of state.',
    );
  });
});
