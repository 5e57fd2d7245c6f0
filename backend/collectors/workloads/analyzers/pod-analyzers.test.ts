import { describe, expect, it } from 'vitest';
import { ago, event, findings, found, meta, pod } from '../test-objects.ts';
import { containersAnalyzer } from './containers.ts';
import { podsAnalyzer } from './pods.ts';
import { referencesAnalyzer } from './references.ts';
import { warningsAnalyzer } from './warnings.ts';

const waiting = (reason: string, message = '') => ({ ready: false, state: { waiting: { reason, message } } });
const ended = (exitCode: number, reason: string, seconds = 60) => ({
  terminated: { exitCode, reason, finishedAt: ago(seconds) },
});

describe('containers', () => {
  it.each([
    ['a container that runs', pod(), []],
    [
      'a crash loop',
      pod({ container: { ...waiting('CrashLoopBackOff'), lastState: ended(1, 'Error') } }),
      ['CRASH_LOOP_BACK_OFF'],
    ],
    [
      'a crash loop by memory',
      pod({ container: { ...waiting('CrashLoopBackOff'), lastState: ended(137, 'OOMKilled') } }),
      ['CRASH_LOOP_BACK_OFF', 'OOM_KILLED'],
    ],
    ['a kill for memory, running again', pod({ container: { lastState: ended(137, 'OOMKilled') } }), ['OOM_KILLED']],
    ['a kill for memory of yesterday', pod({ container: { lastState: ended(137, 'OOMKilled', 80_000) } }), []],
    ['an error end', pod({ container: { lastState: ended(2, 'Error') } }), ['CONTAINER_FAILED']],
    ['an end with success', pod({ container: { lastState: ended(0, 'Completed') } }), []],
    [
      'an image that is not there',
      pod({ container: waiting('ImagePullBackOff', 'manifest unknown') }),
      ['IMAGE_PULL_FAILED'],
    ],
    ['a container that is being created', pod({ container: waiting('ContainerCreating') }), []],
    [
      'a missing secret',
      pod({ container: waiting('CreateContainerConfigError', 'secret "db" not found') }),
      ['CONTAINER_NOT_CREATED'],
    ],
    [
      'many restarts, the last just now',
      pod({ container: { restartCount: 9, state: { running: { startedAt: ago(30) } } } }),
      ['MANY_RESTARTS'],
    ],
    ['many restarts long ago', pod({ container: { restartCount: 9 } }), []],
    [
      'an init container that fails',
      pod({
        status: {
          phase: 'Pending',
          initContainerStatuses: [{ name: 'init', restartCount: 1, state: ended(1, 'Error'), lastState: {} }],
          containerStatuses: [],
        },
      }),
      ['CONTAINER_FAILED'],
    ],
  ])('of %s', (_what, object, reasons) =>
    expect(found(containersAnalyzer, { pods: [object] })).toEqual(reasons.map((reason) => `${reason} Pod/web-1`)),
  );

  it('give the fields that say so, with their place', () => {
    const [finding] = findings(containersAnalyzer, {
      pods: [pod({ container: { restartCount: 4, lastState: ended(137, 'OOMKilled') } })],
    });
    expect(finding).toMatchObject({
      severity: 'CRITICAL',
      analyzer: 'containers',
      cluster: 'edge-1',
      object: { kind: 'Pod', namespace: 'shop', name: 'web-1' },
      message: 'Container app was killed for using more memory than its limit of 512Mi (4 restarts so far).',
      evidence: expect.arrayContaining([
        { path: 'status.containerStatuses[app].lastState.terminated.reason', value: 'OOMKilled' },
      ]),
    });
  });

  it('take foreign text as data: one line, capped', () => {
    const [finding] = findings(containersAnalyzer, {
      pods: [pod({ container: waiting('ImagePullBackOff', `a\nb${'x'.repeat(5000)}`) })],
    });
    const value = finding?.evidence.find(({ path }) => path.endsWith('message'))?.value ?? '';
    expect(value.startsWith('a b')).toBe(true);
    expect(value.length).toBeLessThanOrEqual(500);
  });
});

describe('pods', () => {
  const unscheduled = (message: string) =>
    pod({
      status: {
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
        containerStatuses: [],
      },
    });
  const unready = (seconds: number) =>
    pod({
      container: { ready: false },
      status: {
        conditions: [
          { type: 'Ready', status: 'False', reason: 'ContainersNotReady', lastTransitionTime: ago(seconds) },
        ],
        containerStatuses: [
          { name: 'app', ready: false, restartCount: 0, state: { running: { startedAt: ago(900) } }, lastState: {} },
        ],
      },
    });

  it.each([
    ['that are well', pod(), []],
    ['that no node takes', unscheduled('0/3 nodes are available: 3 Insufficient memory.'), ['UNSCHEDULABLE']],
    ['that wait for the scheduler', pod({ status: { phase: 'Pending', conditions: [], containerStatuses: [] } }), []],
    ['not ready for minutes', unready(600), ['NOT_READY']],
    ['not ready yet', unready(20), []],
    [
      'evicted',
      pod({
        status: {
          phase: 'Failed',
          reason: 'Evicted',
          message: 'The node was low on resource: memory.',
          conditions: [],
          containerStatuses: [],
        },
      }),
      ['EVICTED'],
    ],
    [
      'of a failed job, which is told of itself',
      pod({
        metadata: { ownerReferences: [{ kind: 'Job', name: 'j' }] },
        status: { phase: 'Failed', conditions: [], containerStatuses: [] },
      }),
      [],
    ],
    [
      'stuck in their end',
      pod({ metadata: { deletionTimestamp: ago(3600), finalizers: ['x/y'] } }),
      ['STUCK_TERMINATING'],
    ],
    ['that are just ending', pod({ metadata: { deletionTimestamp: ago(30) } }), []],
  ])('%s', (_what, object, reasons) =>
    expect(found(podsAnalyzer, { pods: [object] })).toEqual(reasons.map((reason) => `${reason} Pod/web-1`)),
  );

  it.each([
    ['0/3 nodes are available: 3 Insufficient cpu.', /lower the requests/],
    ['0/3 nodes are available: persistentvolumeclaim "d" not found.', /volume claim/],
    ['0/3 nodes are available: 3 node(s) had untolerated taint {gpu: true}.', /tolerations/],
    ["0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.", /labels/],
  ])('get the next step from the words of the scheduler: %s', (message, step) =>
    expect(findings(podsAnalyzer, { pods: [unscheduled(message)] })[0]?.next_step).toMatch(step),
  );
});

describe('references', () => {
  const referring = pod({
    spec: {
      serviceAccountName: 'runner',
      volumes: [
        { name: 'c', configMap: { name: 'settings' } },
        { name: 's', secret: { secretName: 'tls' } },
        { name: 'd', persistentVolumeClaim: { claimName: 'data' } },
        { name: 'o', configMap: { name: 'perhaps', optional: true } },
        { name: 'p', projected: { sources: [{ configMap: { name: 'kube-root-ca.crt' } }] } },
      ],
      containers: [
        {
          name: 'app',
          env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'db' } } }],
          envFrom: [{ configMapRef: { name: 'env' } }],
        },
      ],
    },
  });
  const names = (...all: string[]) => all.map((name) => ({ metadata: meta(name) }));
  const there = {
    configmaps: names('settings', 'kube-root-ca.crt', 'env'),
    secrets: names('tls', 'db'),
    persistentvolumeclaims: names('data'),
    serviceaccounts: names('runner'),
  };

  it('are found missing, but for what is optional', () => {
    const messages = findings(referencesAnalyzer, { pods: [referring] }).map(
      ({ reason, evidence }) => `${reason} ${evidence[0]?.value}`,
    );
    expect(messages.toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      'MISSING_CONFIGMAP env',
      'MISSING_CONFIGMAP kube-root-ca.crt',
      'MISSING_CONFIGMAP settings',
      'MISSING_SECRET db',
      'MISSING_SECRET tls',
      'MISSING_SERVICE_ACCOUNT runner',
      'MISSING_VOLUME_CLAIM data',
    ]);
  });

  it('that exist are no finding; one of that name in another namespace does not count', () => {
    expect(found(referencesAnalyzer, { pods: [referring], ...there })).toEqual([]);
    const elsewhere = { metadata: meta('data', { namespace: 'other' }) };
    expect(found(referencesAnalyzer, { pods: [referring], ...there, persistentvolumeclaims: [elsewhere] })).toEqual([
      'MISSING_VOLUME_CLAIM Pod/web-1',
    ]);
  });

  it('of pods that have ended do not matter', () => {
    const done = { ...referring, status: { phase: 'Succeeded' } };
    expect(found(referencesAnalyzer, { pods: [done] })).toEqual([]);
  });
});

describe('warnings', () => {
  it.each([
    ['FailedMount', 'VOLUME_NOT_MOUNTED'],
    ['Unhealthy', 'PROBE_FAILED'],
    ['FailedCreatePodSandBox', 'POD_SANDBOX_FAILED'],
    ['FailedCreate', 'CREATION_REFUSED'],
    ['OOMKilling', 'KERNEL_OOM_KILL'],
  ])('%s are findings', (reason, wanted) =>
    expect(found(warningsAnalyzer, {}, { events: [event({ reason })] })).toEqual([`${wanted} Pod/web-1`]),
  );

  it('of half an hour ago, of another kind, or without alarm are not', () => {
    const events = [event({ last_at: ago(3000) }), event({ reason: 'Pulled' }), event({ type: 'NORMAL' })];
    expect(found(warningsAnalyzer, {}, { events })).toEqual([]);
  });
});
