import { describe, expect, it } from 'vitest';
import type { DiagnosisAnswer, EventsAnswer } from '../../backend/model/workload.ts';
import type { Services } from '../../tools/services.ts';
import { FLEET, alertsOf, analyst, metricsOf, outcome, uncitedNumbers } from './offline-analyst-fixture.ts';

const finding: DiagnosisAnswer['findings'][number] = {
  severity: 'CRITICAL',
  analyzer: 'containers',
  reason: 'OOM_KILLED',
  cluster: 'hub-1',
  object: { kind: 'Pod', namespace: 'shop', name: 'checkout-abc' },
  message: 'Container checkout was killed [x](http://evil.example)',
  evidence: [],
  next_step: 'Compare its memory with the limit over time.',
};

function workloadsOf(findings: DiagnosisAnswer['findings'] = [], over: Partial<DiagnosisAnswer> = {}) {
  const asked: object[] = [];
  const service: Services['workloads'] = {
    diagnose: async ({ clusters, ...query }) => {
      asked.push(query);
      return {
        findings,
        total: findings.length,
        by_severity: { CRITICAL: findings.length, WARNING: 0, INFO: 0 },
        looked_at: { pods: 4 },
        checks: 40,
        not_checked: [],
        clusters: clusters.map((one) => outcome(one)),
        complete: true,
        ...over,
      };
    },
    events: async ({ clusters }): Promise<EventsAnswer> => ({
      events: [
        {
          cluster: 'hub-1',
          type: 'WARNING',
          reason: 'BackOff',
          message: 'Back-off restarting',
          object: finding.object,
          count: 7,
          first_at: '2026-03-01T09:00:00.000Z',
          last_at: '2026-03-01T09:59:00.000Z',
          source: 'kubelet',
        },
      ],
      total: 1,
      by_reason: [],
      next_cursor: null,
      clusters: clusters.map((one) => outcome(one)),
      complete: true,
    }),
  };
  return { asked, service };
}

describe('the offline analyst on workloads', () => {
  it('diagnoses a workload that the clusters know, with findings, next steps and events', async () => {
    const workloads = workloadsOf([finding]);
    const metrics = metricsOf({}, [], { pod: 'checkout' });
    const { content } = await analyst({ metrics: metrics.service, workloads: workloads.service }).ask(
      'Why is checkout restarting?',
    );
    expect(workloads.asked).toMatchObject([{ name: 'checkout', limit: 50 }]);
    expect(content).toMatch(
      /\*\*CRITICAL OOM_KILLED\*\* Pod `shop\/checkout-abc` on hub-1: `Container checkout was killed .*` \[E\d\] → Compare/,
    );
    expect(content).toMatch(/`BackOff` Pod `checkout-abc` on hub-1, 7 times/);
    expect(content).not.toContain('I did not understand');
    expect(uncitedNumbers(content)).toEqual([]);
  });

  it('diagnoses a namespace, and says what could not be checked', async () => {
    const not_checked = [
      { check: 'missing-secret', why: 'may not list secrets', clusters: ['hub-1'], cluster_count: 1 },
    ];
    const workloads = workloadsOf([], { not_checked });
    const { content } = await analyst({ workloads: workloads.service }).ask('diagnose namespace shop');
    expect(workloads.asked).toMatchObject([{ namespace: 'shop' }]);
    expect(content).toContain('The checks find nothing wrong: namespace shop, all clusters');
    expect(content).toContain('Not checked everywhere: `missing-secret` (`may not list secrets`)');
  });

  it.each([
    ['why is edge-1 unhealthy?', 0],
    ['diagnose hub-1', 1],
    ['why are pods pending?', 1],
  ])('tells questions about workloads from those about clusters: %s', async (question, calls) => {
    const workloads = workloadsOf();
    await analyst({
      fleet: FLEET,
      metrics: metricsOf({}).service,
      alerts: alertsOf({}).service,
      workloads: workloads.service,
    }).ask(question);
    expect(workloads.asked).toHaveLength(calls);
  });
});
