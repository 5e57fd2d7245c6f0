import { describe, expect, it } from 'vitest';
import { ago, findings, found, meta, pod, service, slice } from '../test-objects.ts';
import { autoscalingAnalyzer } from './autoscaling.ts';
import { disruptionAnalyzer } from './disruption.ts';
import { jobsAnalyzer } from './jobs.ts';
import { nodesAnalyzer } from './nodes.ts';
import { quotasAnalyzer } from './quotas.ts';
import { webhooksAnalyzer } from './webhooks.ts';

const selector = { matchLabels: { app: 'web' } };
const is = (type: string, status: string, reason = '', message = '') => ({ type, status, reason, message });

describe('autoscaling', () => {
  const scaler = (conditions: object[], over: object = {}) => ({
    metadata: meta('web'),
    spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' }, maxReplicas: 4 },
    status: { currentReplicas: 4, desiredReplicas: 4, conditions },
    ...over,
  });
  const target = { metadata: meta('web'), spec: { replicas: 4, selector }, status: { availableReplicas: 4 } };
  const asking = pod({ spec: { containers: [{ name: 'app', resources: { requests: { cpu: '1' } } }] } });
  const limited = is('ScalingLimited', 'True', 'TooManyReplicas');
  const noMetrics = is('ScalingActive', 'False', 'FailedGetResourceMetric', 'no metrics returned');

  it.each([
    ['that work', { horizontalpodautoscalers: [scaler([is('ScalingActive', 'True')])], deployments: [target] }, []],
    [
      'without a target',
      { horizontalpodautoscalers: [scaler([])] },
      ['MISSING_SCALE_TARGET HorizontalPodAutoscaler/web'],
    ],
    [
      'of a custom resource',
      {
        horizontalpodautoscalers: [
          scaler([], { spec: { scaleTargetRef: { kind: 'Rollout', name: 'web' }, maxReplicas: 4 } }),
        ],
      },
      [],
    ],
    [
      'at their end',
      { horizontalpodautoscalers: [scaler([limited])], deployments: [target] },
      ['AUTOSCALER_AT_MAXIMUM HorizontalPodAutoscaler/web'],
    ],
    [
      'held back at the other end',
      { horizontalpodautoscalers: [scaler([is('ScalingLimited', 'True', 'TooFewReplicas')])], deployments: [target] },
      [],
    ],
    [
      'without metrics',
      { horizontalpodautoscalers: [scaler([noMetrics])], deployments: [target], pods: [asking] },
      ['AUTOSCALER_INACTIVE HorizontalPodAutoscaler/web'],
    ],
    [
      'without requests to scale by',
      { horizontalpodautoscalers: [scaler([noMetrics])], deployments: [target], pods: [pod()] },
      ['AUTOSCALER_INACTIVE HorizontalPodAutoscaler/web', 'NO_REQUESTS_TO_SCALE_BY HorizontalPodAutoscaler/web'],
    ],
    [
      'of what is scaled to zero',
      { horizontalpodautoscalers: [scaler([is('ScalingActive', 'False', 'ScalingDisabled')])], deployments: [target] },
      [],
    ],
  ])('%s', (_what, objects, wanted) => expect(found(autoscalingAnalyzer, objects)).toEqual(wanted));
});

describe('disruption budgets', () => {
  const budget = (status: object) => ({ metadata: meta('web'), spec: { minAvailable: 1, selector }, status });
  it.each([
    [
      'that allow some',
      {
        poddisruptionbudgets: [
          budget({ disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 }),
        ],
        pods: [pod()],
      },
      [],
    ],
    [
      'that never allow any',
      {
        poddisruptionbudgets: [
          budget({ disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 }),
        ],
        pods: [pod()],
      },
      ['DISRUPTION_BLOCKED PodDisruptionBudget/web'],
    ],
    [
      'over nothing',
      { poddisruptionbudgets: [budget({ expectedPods: 0 })] },
      ['SELECTOR_MATCHES_NOTHING PodDisruptionBudget/web'],
    ],
  ])('%s', (_what, objects, wanted) => expect(found(disruptionAnalyzer, objects)).toEqual(wanted));
});

describe('jobs', () => {
  const cron = (over: object) => ({
    metadata: meta('nightly', { creationTimestamp: ago(10 * 86_400) }),
    spec: { schedule: '@daily', ...over },
    status: { lastScheduleTime: ago(3600), ...over },
  });
  it.each([
    [
      'that are done',
      { jobs: [{ metadata: meta('once'), status: { succeeded: 1, conditions: [is('Complete', 'True')] } }] },
      [],
    ],
    [
      'that failed for good',
      {
        jobs: [
          { metadata: meta('once'), status: { failed: 7, conditions: [is('Failed', 'True', 'BackoffLimitExceeded')] } },
        ],
      },
      ['JOB_FAILED Job/once'],
    ],
    ['on schedule with success', { cronjobs: [cron({ lastSuccessfulTime: ago(3000) })] }, []],
    [
      'on schedule without success',
      { cronjobs: [cron({ lastSuccessfulTime: ago(3 * 86_400) })] },
      ['CRON_JOB_NOT_SUCCEEDING CronJob/nightly'],
    ],
    ['suspended', { cronjobs: [cron({ suspend: true })] }, ['CRON_JOB_SUSPENDED CronJob/nightly']],
  ])('%s', (_what, objects, wanted) => expect(found(jobsAnalyzer, objects)).toEqual(wanted));
});

describe('webhooks', () => {
  const hook = (failurePolicy: string, clientConfig: object = { service: { namespace: 'shop', name: 'web' } }) => ({
    metadata: { name: 'guard' },
    webhooks: [{ name: 'guard.example.org', failurePolicy, clientConfig }],
  });
  const alive = { services: [service('web')], endpointslices: [slice('web', true)] };
  it.each([
    ['with a backend', { validatingwebhooks: [hook('Fail')], mutatingwebhooks: [hook('Fail')], ...alive }, []],
    [
      'whose service is gone',
      { validatingwebhooks: [hook('Fail')] },
      ['WEBHOOK_BACKEND_DEAD ValidatingWebhookConfiguration/guard'],
    ],
    [
      'whose service has no ready endpoint',
      { mutatingwebhooks: [hook('Ignore')], services: [service('web')], endpointslices: [slice('web', false)] },
      ['WEBHOOK_BACKEND_DEAD MutatingWebhookConfiguration/guard'],
    ],
    ['outside of the cluster', { validatingwebhooks: [hook('Fail', { url: 'https://x.example' })] }, []],
  ])('%s', (_what, objects, wanted) => expect(found(webhooksAnalyzer, objects)).toEqual(wanted));

  it('are critical when they refuse writes', () => {
    const severity = (policy: string) =>
      findings(webhooksAnalyzer, { validatingwebhooks: [hook(policy)] })[0]?.severity;
    expect([severity('Fail'), severity(''), severity('Ignore')]).toEqual(['CRITICAL', 'CRITICAL', 'WARNING']);
  });
});

describe('nodes', () => {
  const node = (conditions: object[], spec: object = {}) => ({
    metadata: { name: 'n1' },
    spec,
    status: { conditions },
  });
  it.each([
    ['that are well', [is('Ready', 'True'), is('MemoryPressure', 'False')], {}, []],
    [
      'not ready',
      [is('Ready', 'False', 'KubeletNotReady', 'container runtime is down')],
      {},
      ['NODE_NOT_READY Node/n1'],
    ],
    ['not heard of', [is('Ready', 'Unknown', 'NodeStatusUnknown')], {}, ['NODE_NOT_READY Node/n1']],
    ['short of memory', [is('Ready', 'True'), is('MemoryPressure', 'True')], {}, ['NODE_PRESSURE Node/n1']],
    ['cordoned', [is('Ready', 'True')], { unschedulable: true }, ['NODE_CORDONED Node/n1']],
  ])('%s', (_what, conditions, spec, wanted) =>
    expect(found(nodesAnalyzer, { nodes: [node(conditions, spec)] })).toEqual(wanted),
  );
});

describe('quotas and namespaces', () => {
  const quota = (used: string, hard = '8Gi') => ({
    resourcequotas: [
      { metadata: meta('shop'), status: { hard: { 'limits.memory': hard }, used: { 'limits.memory': used } } },
    ],
  });
  const leaving = (seconds: number) => ({
    namespaces: [
      {
        metadata: { name: 'old', deletionTimestamp: ago(seconds) },
        status: {
          phase: 'Terminating',
          conditions: [is('NamespaceFinalizersRemaining', 'True', '', 'x.y has 1 resource instances')],
        },
      },
    ],
  });
  it.each([
    ['with room', quota('4Gi'), []],
    ['nearly full', quota('7800Mi'), ['QUOTA_NEARLY_EXHAUSTED ResourceQuota/shop']],
    ['full', quota('8192Mi'), ['QUOTA_EXHAUSTED ResourceQuota/shop']],
    ['of zero, on purpose', quota('0', '0'), []],
    ['going away for an hour', leaving(3600), ['NAMESPACE_STUCK_TERMINATING Namespace/old']],
    ['just going away', leaving(30), []],
  ])('%s', (_what, objects, wanted) => expect(found(quotasAnalyzer, objects)).toEqual(wanted));
});
