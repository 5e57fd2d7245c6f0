import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../backend/platform/clock.ts';
import { fixedRegistry } from '../../backend/registry/test-registry.ts';
import { catalog } from '../../tools/catalog.ts';
import { fixture, realDispatcher } from '../agent/agent-fixture.ts';
import { FLEET, alertsOf, analyst, cluster, metricsOf, uncitedNumbers } from './offline-analyst-fixture.ts';
import { createOfflineAnalyst } from './offline-analyst.ts';
import { calls, startScriptedModel } from './scripted-server.ts';
import { createOpenAiCompatibleProvider } from './openai-compatible.ts';

describe('the offline analyst', () => {
  it('names the unhealthy clusters with score, endpoint and error, each cited', async () => {
    const message = await analyst({ alerts: alertsOf({}).service }).ask('which clusters are unhealthy?');
    expect(message.content).toContain(
      '1 [E2] of 3 [E2] clusters is unhealthy: 1 OFFLINE [E2]; the others: 2 ONLINE [E2].',
    );
    expect(message.content).toContain(
      '**edge-1** is OFFLINE [E2], health score 30 [E2], Kubernetes API down, Prometheus up [E3]: `connect ECONNREFUSED [click](http://evil.example)`',
    );
    expect(message.content).toContain('offline analyst');
    expect(uncitedNumbers(message.content)).toEqual([]);
    expect(message).toMatchObject({ model: 'offline-analyst', complete: true, tokens_used: null });
    expect(message.tool_calls.map(({ name }) => name)).toEqual([
      'list_clusters',
      'get_fleet_summary',
      'get_cluster_status',
      'list_alerts',
    ]);
  });

  it('says that all is well when it is', async () => {
    const message = await analyst({ fleet: FLEET.slice(1) }).ask('Is every cluster healthy?');
    expect(message.content).toContain('No cluster is unhealthy among all clusters: 2 ONLINE [E2].');
  });

  it('answers about one cluster by name', async () => {
    const message = await analyst().ask('how is hub-1?');
    expect(message.tool_calls[1]).toMatchObject({ name: 'get_fleet_summary', arguments: { clusters: ['hub-1'] } });
    expect(message.content).toContain('**hub-1** is ONLINE');
  });

  it('lists what is firing with severity, place and time, most severe first', async () => {
    const [edge] = FLEET;
    if (!edge) throw new Error('no cluster');
    const alerts = alertsOf({
      total: 1,
      by_severity: { CRITICAL: 1, WARNING: 0, INFO: 0 },
      alerts: [
        {
          id: 'a',
          fingerprint: 'f',
          cluster_id: edge.id,
          cluster_name: 'edge-1',
          alertname: 'KubePodCrashLooping',
          severity: 'CRITICAL',
          state: 'FIRING',
          silenced: true,
          inhibited: false,
          labels: { alertname: 'KubePodCrashLooping', namespace: 'payments', pod: 'api-1', severity: 'critical' },
          annotations: { summary: 'api-1 restarts ![x](http://evil.example)' },
          starts_at: '2026-03-01T09:30:00.000Z',
          sources: ['PROMETHEUS'],
        },
      ],
    });
    const message = await analyst({ alerts: alerts.service }).ask('what is firing?');
    expect({ severity: undefined, ...alerts.asked[0] }).toMatchObject({ state: 'FIRING', severity: undefined });
    expect(message.content).toContain('1 [E2] alert firing in all clusters: 1 CRITICAL [E2].');
    expect(message.content).toContain(
      'CRITICAL `KubePodCrashLooping` on edge-1 (namespace `payments`, pod `api-1`) since 2026-03-01T09:30:00.000Z, silenced — `api-1 restarts ![x](http://evil.example)` [E2]',
    );
  });

  it('narrows alerts by severity and by the kind of cluster, and says when there is none', async () => {
    const alerts = alertsOf({});
    const message = await analyst({ alerts: alerts.service }).ask('Any critical alerts in production edge clusters?');
    expect(alerts.asked[0]?.clusters.map(({ name }) => name)).toEqual(['edge-1']);
    expect(alerts.asked[0]?.severity).toBe('CRITICAL');
    expect(message.content).toContain(
      'No CRITICAL alert is firing in clusters with environment=PRODUCTION,cluster_type=EDGE [E2].',
    );
  });

  it('ranks memory consumers over all clusters and says which clusters did not answer', async () => {
    const metrics = metricsOf(
      { 'hub-1': { a: '1073741824', b: '5368709120' }, 'lab-1': { c: '13207024435.2', d: 'NaN' } },
      ['edge-1'],
    );
    const message = await analyst({ metrics: metrics.service }).ask('top memory consumers in the last hour?');
    expect(metrics.queries.map(({ query }) => query)).toEqual([
      'topk(10, sum by (namespace, pod) (max by (namespace, pod, container) (max_over_time(container_memory_working_set_bytes{container!="",container!="POD"}[1h]))))',
    ]);
    expect(message.content.match(/`payments\/.`.*/g)).toEqual([
      '`payments/c` on lab-1: **12.3 GiB** [E2]',
      '`payments/b` on hub-1: **5 GiB** [E2]',
      '`payments/a` on hub-1: **1 GiB** [E2]',
    ]);
    expect(message.content).toContain('2 of 3 clusters answered [E2]');
    expect(message.content).toContain('edge-1: `no answer within 30 s` [E2]');
    expect(uncitedNumbers(message.content)).toEqual([]);
  });

  it('takes number, namespace, window and cluster from the question', async () => {
    const metrics = metricsOf({ 'lab-1': { a: '0.25' } });
    const message = await analyst({ metrics: metrics.service }).ask(
      'Top 3 CPU consumers in namespace payments on lab-1 over the last 30 minutes',
    );
    expect(metrics.queries[0]?.query).toBe(
      'topk(3, sum by (namespace, pod) (rate(container_cpu_usage_seconds_total{container!="",container!="POD",namespace="payments"}[30m])))',
    );
    expect(metrics.queries[0]?.clusters.map(({ name }) => name)).toEqual(['lab-1']);
    expect(message.content).toContain('**0.25 cores** [E2]');
  });

  it('asks a large fleet for a ranking once, and no part of it is cut', async () => {
    const fleet = Array.from({ length: 120 }, (_, i) => cluster(`c-${String(i).padStart(3, '0')}`));
    const pods = Object.fromEntries(fleet.map(({ name }, i) => [name, { [`p${i}`]: String(1e9 + i) }]));
    const metrics = metricsOf(pods);
    const message = await analyst({ fleet, metrics: metrics.service }).ask('which pods use the most memory?');
    expect(metrics.queries.map(({ clusters }) => clusters.length)).toEqual([120]);
    expect(message.content).toMatch(/`payments\/p119` on c-119: \*\*954 MiB\*\* \[E2\]/);
    expect(message.content).not.toContain('too large');
  });

  it('says that there is no cAdvisor data and what to check', async () => {
    const message = await analyst({ metrics: metricsOf({}).service }).ask('highest memory usage');
    expect(message.content).toContain('No cAdvisor data about memory came back for all clusters [E2].');
  });

  it('runs PromQL in backticks or after run, instant or over a window', async () => {
    const metrics = metricsOf({ 'lab-1': { a: '1.5' } });
    const { ask } = analyst({ metrics: metrics.service });
    expect((await ask('what is `sum(rate(x[5m])) by (pod)` in lab-1?')).content).toContain(
      '`{namespace="payments", pod="a"}` on lab-1: **1.5** [E2]',
    );
    await ask('run up{job="api"} on edge-1 in the last 10 minutes');
    expect(metrics.queries[0]).toMatchObject({ query: 'sum(rate(x[5m])) by (pod)' });
    expect(metrics.queries[0]).not.toHaveProperty('range');
    expect(metrics.queries[1]).toMatchObject({
      query: 'up{job="api"}',
      range: { start: 1772358600, end: 1772359200, step: 10 },
    });
    expect(metrics.queries[1]?.clusters.map(({ name }) => name)).toEqual(['edge-1']);
  });

  it('lists and counts clusters', async () => {
    expect((await analyst().ask('list clusters')).content).toContain(
      '3 [E1] clusters:\n\n- **edge-1** — EDGE, PRODUCTION, OFFLINE [E1]',
    );
    expect((await analyst().ask('how many production clusters are there?')).content).toContain(
      '2 [E2] clusters (clusters with environment=PRODUCTION):',
    );
  });

  it('tells that a named cluster does not exist and which one is near', async () => {
    const message = await analyst({ alerts: alertsOf({}).service }).ask('what is firing in edge-2?');
    expect(message.content).toContain('CLUSTER_NOT_FOUND');
    expect(message.content).toContain('edge-1');
    expect(message.tool_results[1]).toMatchObject({ status: 'ERROR' });
  });

  it('keeps to the clusters of the session unless the question names others', async () => {
    const alerts = alertsOf({});
    const { ask } = analyst({ alerts: alerts.service, context: ['lab-1'] });
    await ask('what is firing?');
    await ask('what is firing in hub-1?');
    expect(alerts.asked.map(({ clusters }) => clusters.map(({ name }) => name))).toEqual([['lab-1'], ['hub-1']]);
  });

  it.each(['which clusters are unhealthy?', 'what is firing?', 'top memory consumers in the last hour?'])(
    'says how to add a cluster when there is none and is asked %j',
    async (question) => {
      const message = await analyst({ fleet: [] }).ask(question);
      expect(message.content).toContain('No cluster is registered yet');
      expect(message.content).toContain('aiops cluster add --context');
    },
  );

  it('says what it can answer when it does not understand, with a cluster that there is', async () => {
    const message = await analyst().ask('write me a poem about kubernetes');
    expect(message.tool_calls.map(({ name }) => name)).toEqual(['list_clusters']);
    expect(message.content).toContain('I am the offline analyst');
    expect(message.content).toContain('is edge-1 healthy?');
    expect(message.content).toContain('- what is firing?');
  });

  it('sends changes to the doors that can confirm them', async () => {
    const message = await analyst().ask('please remove cluster lab-1');
    expect(message.tool_calls).toEqual([]);
    expect(message.content).toContain('aiops cluster remove');
  });

  it('gives the same answer to the same question', async () => {
    const { ask } = analyst();
    expect((await ask('what is wrong?')).content).toBe((await ask('what is wrong?')).content);
  });

  it('takes over from a model in mid-answer and does not run its calls again', async () => {
    const model = await startScriptedModel([
      calls({ name: 'list_clusters', args: { page_size: 50, page: 1 } }),
      { status: 503 },
    ]);
    const clock = new ManualClock();
    const registry = fixedRegistry(FLEET);
    const dispatcher = realDispatcher(catalog, clock, { registry });
    const scripted = createOpenAiCompatibleProvider({ baseUrl: model.baseUrl, model: 'scripted', clock });
    const message = await fixture({ providers: [scripted, createOfflineAnalyst()], dispatcher, clock }).ask(
      'list clusters',
    );
    await model.close();
    expect(message.tool_calls).toHaveLength(1);
    expect(message.content).toContain('3 [E1] clusters');
    expect(message.model).toBe('offline-analyst');
  });
});
