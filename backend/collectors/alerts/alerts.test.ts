import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AlertsAnswer } from '../../model/alert.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { ClusterOutcome } from '../../model/outcome.ts';
import { testCluster } from '../../model/test-cluster.ts';
import { systemClock } from '../../platform/clock.ts';
import { createLogger } from '../../platform/logger.ts';
import { createSpokes } from '../../spokes/spokes.ts';
import { type TestServer, freePort, startAlertmanager, startPrometheus } from '../../spokes/test-servers.ts';
import { loopbackTransport } from '../../spokes/test-transport.ts';
import { createAlertsCollector, joinOutcomes } from './alerts.ts';
import { createFanout } from '../fanout/fanout.ts';
import { fingerprintOf } from './fingerprint.ts';

const transport = loopbackTransport();
const spokes = createSpokes({ transport, credentialsOf: async () => undefined });
const fanout = createFanout({
  clock: systemClock,
  logger: createLogger({ level: 'silent' }),
  spokes,
  cacheMaxBytes: 0,
});
const history = {
  list: () => Promise.reject(new Error('the history was asked for what fires now')),
  platformAlerts: () => Promise.resolve([]),
  outcomes: () => Promise.resolve([]),
};
const collector = createAlertsCollector({ fanout, spokes, history });
const ask = { limit: 100, budgetMs: 5000, signal: new AbortController().signal, scope: '' };

afterAll(() => transport.close());

describe('alerts of a real Prometheus and Alertmanager', () => {
  const running: TestServer[] = [];
  let whole: Cluster;
  let half: Cluster;
  const sentLabels = { alertname: 'Now', severity: 'critical', site: 'größe' };

  beforeAll(async () => {
    const [prometheus, alertmanager] = await Promise.all([
      startPrometheus({
        config: 'global: {scrape_interval: 1h, evaluation_interval: 200ms}\nrule_files: [rules.yml]\n',
        rules:
          'groups: [{name: g, rules: [{alert: Now, expr: vector(1), labels: {severity: critical}}, {alert: Later, expr: vector(1), for: 1h, labels: {severity: warning}}]}]\n',
      }),
      startAlertmanager(),
    ]);
    running.push(prometheus, alertmanager);
    await until(
      async () => (await (await fetch(`${prometheus.url}/api/v1/alerts`)).text()).split('"state"').length === 3,
    );
    const answer = await fetch(`${alertmanager.url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([
        { labels: sentLabels, startsAt: new Date().toISOString() },
        { labels: { alertname: 'Manual', severity: 'none' } },
      ]),
    });
    if (answer.status !== 200) throw new Error(`Alertmanager answered ${answer.status}`);
    whole = testCluster('whole-1', {
      endpoints: { prometheus_url: prometheus.url, alertmanager_url: alertmanager.url },
    });
    half = testCluster('half-1', {
      endpoints: { prometheus_url: prometheus.url, alertmanager_url: `http://127.0.0.1:${await freePort()}` },
    });
  });
  afterAll(() => Promise.all(running.map((server) => server.stop())));

  it("lists each alert once, most severe first, with fingerprints that are Alertmanager's own", async () => {
    const answer = await collector.list({ clusters: [whole], ...ask });
    expect(AlertsAnswer.safeParse(answer).error).toBeUndefined();
    expect(answer.alerts.map((alert) => [alert.alertname, alert.severity, alert.state, alert.sources])).toEqual([
      ['Now', 'CRITICAL', 'FIRING', ['PROMETHEUS', 'ALERTMANAGER']],
      ['Later', 'WARNING', 'PENDING', ['PROMETHEUS']],
      ['Manual', 'INFO', 'FIRING', ['ALERTMANAGER']],
    ]);
    expect(answer.alerts[0]?.fingerprint).toBe(fingerprintOf(sentLabels));
    expect(answer).toMatchObject({ total: 3, by_severity: { CRITICAL: 1, WARNING: 1, INFO: 1 }, complete: true });
  });

  it('filters before it counts, and counts before it cuts', async () => {
    expect(await collector.list({ clusters: [whole], ...ask, state: 'PENDING' })).toMatchObject({
      total: 1,
      alerts: [{ alertname: 'Later' }],
    });
    expect(await collector.list({ clusters: [whole], ...ask, severity: 'CRITICAL' })).toMatchObject({ total: 1 });
    expect(await collector.list({ clusters: [whole], ...ask, alertname: 'Manual' })).toMatchObject({ total: 1 });
    const cut = await collector.list({ clusters: [whole], ...ask, limit: 1 });
    expect([cut.alerts.length, cut.total]).toEqual([1, 3]);
    const rest = await collector.list({ clusters: [whole], ...ask, limit: 2, cursor: cut.next_cursor });
    expect([...cut.alerts, ...rest.alerts].map((alert) => alert.alertname)).toEqual(['Now', 'Later', 'Manual']);
    expect([rest.total, rest.next_cursor]).toEqual([3, undefined]);
    await expect(collector.list({ clusters: [whole], ...ask, cursor: 'nonsense' })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
  });

  it('says which half of a cluster did not answer and shows what the other half knows', async () => {
    const answer = await collector.list({ clusters: [whole, half, testCluster('none-1', { endpoints: {} })], ...ask });
    expect(answer.clusters.map((outcome) => [outcome.cluster_name, outcome.status])).toEqual([
      ['half-1', 'PARTIAL'],
      ['none-1', 'SKIPPED'],
      ['whole-1', 'SUCCESS'],
    ]);
    expect(answer.clusters[0]?.error?.message).toMatch(/^Alertmanager: .*refused/);
    expect(answer.complete).toBe(false);
    expect(answer.alerts.filter((alert) => alert.cluster_name === 'half-1').map((alert) => alert.alertname)).toEqual([
      'Now',
      'Later',
    ]);
  });
});

describe('outcome of a cluster that was asked in two places', () => {
  const outcome = (status: ClusterOutcome['status'], ms = 1): ClusterOutcome => ({
    cluster_id: '00000000-0000-4000-8000-000000000000',
    cluster_name: 'a',
    status,
    query_time_ms: ms,
    cached: false,
    ...(status === 'ERROR' || status === 'TIMEOUT' ? { error: { code: 'X', message: 'no.' } } : {}),
  });

  it.each<[ClusterOutcome['status'], ClusterOutcome['status'], ClusterOutcome['status']]>([
    ['SUCCESS', 'SUCCESS', 'SUCCESS'],
    ['SUCCESS', 'SKIPPED', 'SUCCESS'],
    ['SKIPPED', 'SUCCESS', 'SUCCESS'],
    ['SKIPPED', 'SKIPPED', 'SKIPPED'],
    ['SKIPPED', 'ERROR', 'ERROR'],
    ['TIMEOUT', 'SKIPPED', 'TIMEOUT'],
    ['SUCCESS', 'ERROR', 'PARTIAL'],
    ['TIMEOUT', 'SUCCESS', 'PARTIAL'],
    ['ERROR', 'ERROR', 'ERROR'],
    ['ERROR', 'TIMEOUT', 'ERROR'],
    ['TIMEOUT', 'TIMEOUT', 'TIMEOUT'],
    ['PARTIAL', 'SUCCESS', 'PARTIAL'],
  ])('is, of %s and %s, %s', (prometheus, alertmanager, joined) => {
    expect(joinOutcomes(outcome(prometheus, 5), outcome(alertmanager, 7))).toMatchObject({
      status: joined,
      query_time_ms: 7,
    });
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('it did not come about within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
