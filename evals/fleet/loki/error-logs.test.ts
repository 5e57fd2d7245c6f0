import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createErrorLogsCollector } from '../../../backend/collectors/logs/error-logs.ts';
import { createFanout } from '../../../backend/collectors/fanout/fanout.ts';
import { testCluster } from '../../../backend/model/test-cluster.ts';
import { systemClock } from '../../../backend/platform/clock.ts';
import { createLogger } from '../../../backend/platform/logger.ts';
import { createSpokes } from '../../../backend/spokes/spokes.ts';
import { loopbackTransport } from '../../../backend/spokes/test-transport.ts';
import { type StartedLokis, startLokis } from './started-double.ts';

const transport = loopbackTransport();
const spokes = createSpokes({ transport, credentialsOf: async () => undefined });
const fanout = createFanout({ clock: systemClock, logger: createLogger({ level: 'silent' }), spokes });
const collector = createErrorLogsCollector({ fanout, spokes });
const end = Math.floor(Date.now() / 1000);

let doubles: StartedLokis;
beforeAll(async () => {
  doubles = await startLokis(() => end * 1000);
});
afterAll(async () => {
  await transport.close();
  await doubles.stop();
});

function search(over: { workload?: string; patterns?: boolean } = {}) {
  const clusters = [...doubles.lokis].map(([name, double]) => {
    double.modes.patterns = over.patterns ?? true;
    return testCluster(name, { endpoints: { loki_url: double.url }, cluster_type: double.inventory.spec.clusterType });
  });
  const { workload } = over;
  const asked = {
    clusters,
    start: end - 1200,
    end,
    limit: 50,
    lineLength: 200,
    named: false,
    scope: '',
    budgetMs: 20_000,
  };
  return collector.search({ ...asked, workload, signal: new AbortController().signal });
}

describe('error logs of the simulated fleet', () => {
  it('tell the incident: what is new since it began, in its cluster, as often as the counters count', async () => {
    const answer = await search();
    const isNew = answer.templates.filter(({ novelty }) => novelty === 'NEW');
    expect(isNew.map(({ template }) => template).sort()).toEqual([
      expect.stringMatching(/^Memory cgroup out of memory: Killed process <_> \(checkout\)/),
      'heap exhausted: cannot allocate <_> bytes, <_> of <_> MiB in use',
      'request failed: POST checkout:<_>/orders: connect: connection refused',
      'request failed: POST checkout:<_>/orders: deadline exceeded while waiting for an answer',
    ]);
    for (const { clusters, source } of isNew)
      expect([clusters.map(({ name }) => name), source]).toEqual([['prod-eu-1'], 'LOKI']);
    const kills = doubles.lokis.get('prod-eu-1')?.inventory.incident?.kills(end);
    expect(isNew.find(({ template }) => template.startsWith('heap'))?.count).toBe(kills);
    expect(answer.clusters.find(({ cluster_name }) => cluster_name === 'edge-lab-1')?.status).toBe('SKIPPED');
  });

  it('are grouped alike by our own miner, from lines that could all be read', async () => {
    const { templates, counts_are_exact } = await search({ workload: 'checkout', patterns: false });
    expect(counts_are_exact).toBe(true);
    expect(templates.map(({ template, novelty, source }) => [template, novelty, source])).toEqual([
      ['heap exhausted: cannot allocate <_> bytes, <_> of <_> MiB in use', 'NEW', 'MINED'],
      ['order not stored: insert order: could not serialize access', 'STEADY', 'MINED'],
    ]);
  });
});
