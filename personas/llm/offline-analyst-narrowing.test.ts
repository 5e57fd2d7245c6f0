import { describe, expect, it } from 'vitest';
import { FLEET, alert, alertsOf, analyst, cluster, metricsOf, outcome } from './offline-analyst-fixture.ts';

const WIDE = [
  cluster('edge-1', { cluster_type: 'EDGE', region: 'eu-west', labels: { tier: 'edge' } }, { state: 'DEGRADED' }),
  cluster('prod-eu-1', { environment: 'PRODUCTION', region: 'eu-west', labels: { tier: 'workload' } }),
  cluster('prod-us-1', { environment: 'PRODUCTION', region: 'us-east', labels: { tier: 'workload' } }),
  cluster('stage-1', { environment: 'STAGING', region: 'us-east' }),
];

/** The clusters of the first alerts question, and the answer. */
async function askAlerts(
  question: string,
  answer: Parameters<typeof alertsOf>[0] = {},
  known: Record<string, string> = {},
) {
  const alerts = alertsOf(answer);
  const metrics = metricsOf({}, [], known);
  const { content } = await analyst({ fleet: WIDE, alerts: alerts.service, metrics: metrics.service }).ask(question);
  const [asked] = alerts.asked;
  return { content, asked, clusters: asked?.clusters.map(({ name }) => name) };
}

async function askMetrics(question: string, known: Record<string, string> = {}) {
  const metrics = metricsOf({ 'prod-eu-1': { 'checkout-1': '1024', 'web-1': '2048' } }, [], known);
  const { content } = await analyst({ fleet: WIDE, alerts: alertsOf({}).service, metrics: metrics.service }).ask(
    question,
  );
  return { content, query: metrics.queries[0]?.query, clusters: metrics.queries[0]?.clusters.map(({ name }) => name) };
}

const NOT_UNDERSTOOD = 'I did not understand';

describe('narrowing to some clusters', () => {
  it.each([
    ['which clusters have tier=edge?', ['edge-1']],
    ['which clusters have tier!=workload?', ['edge-1', 'stage-1']],
    ['list clusters with tier workload', ['prod-eu-1', 'prod-us-1']],
    ['which clusters are online?', ['prod-eu-1', 'prod-us-1', 'stage-1']],
    ['list clusters that are not online', ['edge-1']],
    ['how many clusters are degraded or offline?', ['edge-1']],
    ['list clusters in region eu-west', ['edge-1', 'prod-eu-1']],
    ['list clusters in eu-west', ['edge-1', 'prod-eu-1']],
    ['list all prod clusters and stage-1', ['prod-eu-1', 'prod-us-1', 'stage-1']],
    ['list prod and staging clusters', ['prod-eu-1', 'prod-us-1', 'stage-1']],
    ['list non-prod clusters', ['edge-1', 'stage-1']],
    ['list all clusters except stage-1 and prod-us-1', ['edge-1', 'prod-eu-1']],
    ['list clusters with tier=edge or tier=workload', ['edge-1', 'prod-eu-1', 'prod-us-1']],
  ])('answers %j with just those clusters', async (question, names) => {
    const { content } = await analyst({ fleet: WIDE }).ask(question);
    expect([...content.matchAll(/^- \*\*([\w-]+)\*\*/gm)].map(([, name]) => name)).toEqual(names);
    expect(content).not.toContain(NOT_UNDERSTOOD);
  });

  it.each([
    ['how many clusters are offline?'],
    ['what is firing in region mars-1?'],
    ['top memory pods where tier=none'],
  ])('says of %j that no cluster fits and asks none', async (question) => {
    const message = await analyst({ fleet: WIDE }).ask(question);
    expect(message.content).toContain('No registered cluster fits: 0 [E1] of 4 [E1] are clusters with');
    expect(message.tool_calls).toHaveLength(1);
  });

  it.each([
    ['what is firing in production?', ['prod-eu-1', 'prod-us-1']],
    ['is anything wrong in prod?', ['prod-eu-1', 'prod-us-1']],
    ['alerts everywhere except prod-eu-1', ['edge-1', 'prod-us-1', 'stage-1']],
  ])('asks for the alerts of %j there only', async (question, names) => {
    const { clusters, content } = await askAlerts(question);
    expect(clusters).toEqual(names);
    expect(content).not.toContain(NOT_UNDERSTOOD);
  });

  it('reads environment words without the word cluster in rankings and after PromQL', async () => {
    expect((await askMetrics('top memory consumers in staging')).clusters).toEqual(['stage-1']);
    expect((await askMetrics('run up == 0 in production')).clusters).toEqual(['prod-eu-1', 'prod-us-1']);
  });

  it('keeps the clusters of the session when the question narrows by state', async () => {
    const { content } = await analyst({ fleet: WIDE, context: ['edge-1', 'stage-1'] }).ask(
      'which clusters are online?',
    );
    expect(content).toContain('1 [E2] cluster (edge-1, stage-1 with state=ONLINE):');
  });
});

describe('narrowing alerts', () => {
  const two = {
    alerts: [alert('A', { namespace: 'shop' }), alert('B', { namespace: 'other', pod: 'checkout-1' })],
    total: 2,
    by_severity: { CRITICAL: 2, WARNING: 0, INFO: 0 },
  };

  it.each([
    ['critical alerts in shop namespace', {}, 'namespace shop', '`A`', '`B`'],
    ['what is firing in shop?', { namespace: 'shop' }, 'namespace shop', '`A`', '`B`'],
    ['alerts for checkout', { pod: 'checkout' }, 'pods of checkout', '`B`', '`A`'],
  ])('to what %j is about', async (question, known, where, shown, hidden) => {
    const { content } = await askAlerts(question, two, known);
    expect(content).toMatch(new RegExp(`1 \\[E\\d\\] (?:CRITICAL )?alert firing in all clusters, ${where}`));
    expect(content).toContain(shown);
    expect(content).not.toContain(hidden);
    expect(content).not.toContain(NOT_UNDERSTOOD);
  });

  it.each([
    ['What alerts fired yesterday?', 48],
    ['what fired last night?', 24],
    ['alerts in the last hour', 1],
  ])('asks the history when asked %j, and says how far back', async (question, hours) => {
    const { asked, content } = await askAlerts(question, two);
    expect((asked?.to?.getTime() ?? 0) - (asked?.from?.getTime() ?? 0)).toBe(hours * 3_600_000);
    expect(asked?.state).toBeUndefined();
    expect(content).toContain(`2 [E2] alerts fired in the last ${hours}h in all clusters`);
    expect(content).not.toContain(NOT_UNDERSTOOD);
  });

  it('asks for one severity, for two, and not for one that is excluded', async () => {
    expect((await askAlerts('show me warnings')).asked?.severity).toBe('WARNING');
    const both = await askAlerts('critical and warning alerts', two);
    expect(both.asked?.severity).toBeUndefined();
    expect(both.content).toContain('2 [E2] CRITICAL or WARNING alerts firing');
    const not = await askAlerts('alerts that are not critical', two);
    expect(not.asked?.severity).toBeUndefined();
    expect(not.content).toMatch(/^\*\*I did not understand:\*\* `not critical`/);
  });

  it('never says that nothing fires where Prometheus did not answer', async () => {
    const [one] = WIDE;
    if (!one) throw new Error('no cluster');
    const error = { code: 'CLUSTER_UNREACHABLE', message: 'Prometheus: refused.' };
    const { content } = await askAlerts('what is firing in edge-1?', {
      clusters: [outcome(one, { status: 'PARTIAL', error })],
      complete: false,
    });
    expect(content).toContain('1 of 1 clusters answered, 1 in part [E2]');
    expect(content).toContain('No alert is known to be firing in edge-1: Prometheus of edge-1 did not answer [E2]');
    const skipped = await askAlerts('what is firing in edge-1?', { clusters: [outcome(one, { status: 'SKIPPED' })] });
    expect(skipped.content).toContain('No alert is known to be firing in edge-1: no cluster could be asked [E2].');
  });

  it('names clusters with critical alerts when asked which are unhealthy', async () => {
    const { content, asked } = await askAlerts('Which clusters are unhealthy?', two);
    expect(asked).toMatchObject({ severity: 'CRITICAL', state: 'FIRING' });
    expect(content).toContain('Clusters with CRITICAL alerts firing [E4]: hub-1.');
  });

  it.each(['is everything ok?', 'is anything wrong?'])('answers %j with health and alerts', async (question) => {
    const { content } = await askAlerts(question, two);
    expect(content).toContain('1 [E2] of 4 [E2] clusters is unhealthy: 1 DEGRADED [E2]; the others: 3 ONLINE [E2].');
    expect(content).toContain('2 [E3] alerts firing in all clusters');
  });
});

describe('narrowing metrics', () => {
  it.each([
    ['who uses the least memory?', /^bottomk\(10, sum by \(namespace, pod\)/, 'use the least memory'],
    ['top five memory pods', /^topk\(5, /, ''],
    ['top 5000 memory pods', /^topk\(50, /, 'At most `50` are listed, not `5000`.'],
    ['top 0 memory pods', /^topk\(10, /, 'A list of `0` cannot be made'],
    ['memory hogs over the last 1.5 hours', /\[90m\]/, ''],
    ['memory per namespace', /^topk\(10, sum by \(namespace\) /, 'The namespaces that use'],
    ['which clusters use the most CPU?', /^topk\(10, sum by \(\) /, 'The clusters that use'],
    ['Run up == 0', /^up == 0$/, ''],
    ['query up == 0', /^up == 0$/, ''],
  ])('understands %j', async (question, query, said) => {
    const answer = await askMetrics(question);
    expect(answer.query).toMatch(query);
    expect(answer.content).toContain(said);
    expect(answer.content).not.toContain(NOT_UNDERSTOOD);
  });

  it('ranks the least from below', async () => {
    const { content } = await askMetrics('who uses the least memory?');
    expect(content.indexOf('checkout-1')).toBeLessThan(content.indexOf('web-1'));
  });

  it('narrows by a workload that there is', async () => {
    const { query, clusters, content } = await askMetrics('memory usage of checkout in prod-eu-1', { pod: 'checkout' });
    expect(query).toContain('pod=~"(?:checkout)(?:-.*)?"');
    expect(clusters).toEqual(['prod-eu-1']);
    expect(content).toContain('in prod-eu-1, pods of checkout');
  });

  it('answers about the health of a workload from its pods, restarts and alerts', async () => {
    const { query, content } = await askMetrics('is checkout healthy?', { pod: 'checkout' });
    expect(query).toContain('kube_pod_container_status_ready{pod=~"(?:checkout)(?:-.*)?"}');
    expect(content).toContain('No alert is firing in all clusters, pods of checkout');
    expect(content).not.toContain(NOT_UNDERSTOOD);
  });

  it('finds what was OOM killed, with restarts', async () => {
    const { query, content } = await askMetrics('which pods were OOM killed?');
    expect(query).toBe(
      'max by (namespace, pod, container) (kube_pod_container_status_restarts_total{}) and on (namespace, pod, container) (kube_pod_container_status_last_terminated_reason{reason="OOMKilled"} == 1)',
    );
    expect(content).toContain('2 [E2] containers in all clusters whose last termination was OOMKilled');
    expect((await askMetrics('OOM kills in namespace shop in the last hour')).query).toContain(
      '(increase(kube_pod_container_status_restarts_total{namespace="shop"}[1h]) > 0)',
    );
  });
});

describe('what is not understood', () => {
  it.each([
    ['anything firing except Watchdog?', '`except watchdog`'],
    ['what is firing in mars?', '`mars`'],
    ['is checkout healthy?', '`checkout`'],
    ['is the database healthy?', '`database`'],
    ['memory usage of checkout in prod-eu-1', '`checkout`'],
    ['top 5 alerts', '`top 5`'],
    ['memory alerts in prod', '`memory`'],
    ['alerts firing for longer than 2 hours', '`longer than 2 hours`'],
    ['which clusters have no alerts?', '`no alerts`'],
    ['top memory and cpu consumers', '`cpu`'],
    ['memory usage per node', '`per node`'],
    ['pods with more than 1GiB memory usage', '`more than 1gib`'],
    ['top memory pods since monday', '`since monday`'],
    ['list clusters in namespace shop', '`namespace shop`'],
    ['which clusters were unhealthy yesterday?', '`yesterday`'],
    ['`up` without edge nodes', '`nodes`'],
  ])('leads the answer to %j with %s', async (question, words) => {
    const { content } = await askMetrics(question);
    expect(content.startsWith('**I did not understand:**')).toBe(true);
    expect(content.split('\n')[0]).toContain(words);
    expect(content).toContain('What follows does not take it into account.');
  });

  it('does not look up names with a tool that the persona lacks', async () => {
    const { content } = await analyst({
      fleet: FLEET,
      alerts: alertsOf({}).service,
      without: ['get_metric_labels'],
    }).ask('what is firing in shop?');
    expect(content).toMatch(/^\*\*I did not understand:\*\* `shop`/);
  });

  it('answers in part when the persona lacks one of the tools', async () => {
    const { content } = await analyst({ without: ['list_alerts'] }).ask('which clusters are unhealthy?');
    expect(content).toContain('**edge-1** is OFFLINE');
    expect(content).toContain('list_alerts was not called');
  });

  it.each(['top five', 'sing a song'])('is the whole of %j', async (question) => {
    expect((await analyst().ask(question)).content).toContain('I am the offline analyst');
  });

  it.each([
    'Please, could you tell me what’s firing right now?',
    'hi, which of our clusters are currently unhealthy?',
    'show me the top memory consumers across the whole fleet, thanks',
  ])('is nothing of %j', async (question) => {
    expect((await askMetrics(question)).content).not.toContain(NOT_UNDERSTOOD);
  });
});
