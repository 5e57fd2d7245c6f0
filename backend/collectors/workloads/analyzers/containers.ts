import type { Analyzer, Draft, Snapshot } from '../analyzer.ts';
import { ageSeconds, refOf, span } from '../analyzer.ts';
import type { Pod } from '../objects.ts';

/** An earlier end of a container counts while it is younger than this: older than an hour and running since, it has recovered. */
const RECENT_SECONDS = 3600;
const MANY_RESTARTS = 5;
/** Waiting reasons of the kubelet (pkg/kubelet/images/types.go, pkg/kubelet/container/sync_result.go). */
const IMAGE_REASONS = new Set([
  'ImagePullBackOff',
  'ErrImagePull',
  'InvalidImageName',
  'ErrImageNeverPull',
  'RegistryUnavailable',
]);
const CREATE_REASONS = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'PostStartHookError',
]);

type Status = Pod['status']['containerStatuses'][number];

interface Place {
  readonly pod: Pod;
  readonly status: Status;
  /** Where the status stands in the pod. */
  readonly path: string;
  readonly isInit: boolean;
}

function places({ objects }: Snapshot): Place[] {
  return (objects.pods ?? []).flatMap((pod) => [
    ...pod.status.initContainerStatuses.map((status) => ({
      pod,
      status,
      path: `status.initContainerStatuses[${status.name}]`,
      isInit: true,
    })),
    ...pod.status.containerStatuses.map((status) => ({
      pod,
      status,
      path: `status.containerStatuses[${status.name}]`,
      isInit: false,
    })),
  ]);
}

/** The kubelet's states of containers: why one does not run, and why it ended last time. */
export const containersAnalyzer: Analyzer = {
  name: 'containers',
  checks: [
    {
      id: 'crash-loop',
      needs: ['pods'],
      run: (snapshot) =>
        places(snapshot).flatMap((place) => {
          const { waiting } = place.status.state;
          if (waiting?.reason !== 'CrashLoopBackOff') return [];
          const ended = place.status.lastState.terminated;
          const why = ended
            ? `; it last ended with exit code ${ended.exitCode}${ended.reason ? ` (${ended.reason})` : ''}`
            : '';
          return [
            draft(
              place,
              'CRITICAL',
              'CRASH_LOOP_BACK_OFF',
              `Container ${place.status.name} keeps ending and waits before its next start${why}.`,
              [
                ['state.waiting.reason', waiting.reason],
                ['restartCount', String(place.status.restartCount)],
                ...(ended ? [['lastState.terminated.exitCode', String(ended.exitCode)] as const] : []),
              ],
              ended?.reason === 'OOMKilled'
                ? OOM_STEP
                : 'Read the log of the container before its last end (kubectl logs --previous), and what its exit code means.',
            ),
          ];
        }),
    },
    {
      id: 'out-of-memory',
      needs: ['pods'],
      run: (snapshot) =>
        places(snapshot).flatMap((place) => {
          const { state, lastState, name, restartCount } = place.status;
          const isNow = state.terminated?.reason === 'OOMKilled';
          const ended = isNow ? state.terminated : lastState.terminated;
          if (ended?.reason !== 'OOMKilled' || !isRecent(ended.finishedAt, snapshot)) return [];
          const limit = place.pod.spec.containers.find((container) => container.name === name)?.resources.limits[
            'memory'
          ];
          return [
            draft(
              place,
              'CRITICAL',
              'OOM_KILLED',
              `Container ${name} was killed for using more memory than its limit${limit === undefined ? '' : ` of ${limit}`} (${restartCount} restarts so far).`,
              [
                [`${isNow ? 'state' : 'lastState'}.terminated.reason`, 'OOMKilled'],
                ['restartCount', String(restartCount)],
                ...(ended.finishedAt
                  ? [[`${isNow ? 'state' : 'lastState'}.terminated.finishedAt`, ended.finishedAt] as const]
                  : []),
                ...(limit === undefined ? [] : [['spec.containers.resources.limits.memory', limit] as const]),
              ],
              OOM_STEP,
            ),
          ];
        }),
    },
    {
      id: 'failed-end',
      needs: ['pods'],
      run: (snapshot) =>
        places(snapshot).flatMap((place) => {
          const { state, lastState, name, restartCount } = place.status;
          const ended = state.terminated ?? lastState.terminated;
          // Crash loops and memory have checks of their own.
          if (
            !ended ||
            ended.exitCode === 0 ||
            ended.reason === 'OOMKilled' ||
            state.waiting?.reason === 'CrashLoopBackOff'
          )
            return [];
          if (place.pod.status.phase === 'Failed' || !isRecent(ended.finishedAt, snapshot)) return [];
          const isDown = state.terminated !== null && state.terminated !== undefined;
          return [
            draft(
              place,
              isDown || restartCount >= MANY_RESTARTS ? 'WARNING' : 'INFO',
              'CONTAINER_FAILED',
              `${place.isInit ? 'Init container' : 'Container'} ${name} ended with exit code ${ended.exitCode}${ended.reason && ended.reason !== 'Error' ? ` (${ended.reason})` : ''}${signalOf(ended.exitCode)}.`,
              [
                [`${isDown ? 'state' : 'lastState'}.terminated.exitCode`, String(ended.exitCode)],
                ['restartCount', String(restartCount)],
                ...(ended.message
                  ? [[`${isDown ? 'state' : 'lastState'}.terminated.message`, ended.message] as const]
                  : []),
              ],
              'Read its log (kubectl logs --previous).',
            ),
          ];
        }),
    },
    {
      id: 'image-pull',
      needs: ['pods'],
      run: (snapshot) =>
        places(snapshot).flatMap((place) => {
          const { waiting } = place.status.state;
          if (!waiting || !IMAGE_REASONS.has(waiting.reason)) return [];
          const image = imageOf(place);
          return [
            draft(
              place,
              'CRITICAL',
              'IMAGE_PULL_FAILED',
              `The image ${image} of container ${place.status.name} cannot be pulled (${waiting.reason}).`,
              [
                ['state.waiting.reason', waiting.reason],
                ['state.waiting.message', waiting.message],
                ['spec.containers.image', image],
              ],
              'Check that the image and its tag exist, that the nodes reach the registry, and that imagePullSecrets are valid there.',
            ),
          ];
        }),
    },
    {
      id: 'container-creation',
      needs: ['pods'],
      run: (snapshot) =>
        places(snapshot).flatMap((place) => {
          const { waiting } = place.status.state;
          if (!waiting || !CREATE_REASONS.has(waiting.reason)) return [];
          return [
            draft(
              place,
              'CRITICAL',
              'CONTAINER_NOT_CREATED',
              `Container ${place.status.name} cannot be created (${waiting.reason}): ${waiting.message}`,
              [
                ['state.waiting.reason', waiting.reason],
                ['state.waiting.message', waiting.message],
              ],
              waiting.reason === 'CreateContainerConfigError'
                ? 'A ConfigMap, Secret or key that it refers to is missing: the message names it.'
                : 'The message says what the container runtime could not do.',
            ),
          ];
        }),
    },
    {
      id: 'restarts',
      needs: ['pods'],
      run: (snapshot) =>
        places(snapshot).flatMap((place) => {
          const { status } = place;
          const started = status.state.running?.startedAt;
          const ended = status.lastState.terminated;
          // Running again and not long ago; other checks tell of the rest.
          if (status.restartCount < MANY_RESTARTS || !started || ageSeconds(started, snapshot.nowMs) > RECENT_SECONDS)
            return [];
          if (ended && ended.exitCode !== 0) return [];
          return [
            draft(
              place,
              'WARNING',
              'MANY_RESTARTS',
              `Container ${status.name} has restarted ${status.restartCount} times, last ${span(ageSeconds(started, snapshot.nowMs))} ago.`,
              [
                ['restartCount', String(status.restartCount)],
                ['state.running.startedAt', started],
              ],
              'A container that ends by itself with success is started again all the same; look at its events and liveness probe.',
            ),
          ];
        }),
    },
  ],
};

const OOM_STEP =
  'Compare its memory with the limit over time (get_metric_trends of container_memory_working_set_bytes): a steady rise is a leak, a plateau above the limit is a limit too small.';

function isRecent(finishedAt: string | null | undefined, { nowMs }: Snapshot): boolean {
  return !finishedAt || ageSeconds(finishedAt, nowMs) <= RECENT_SECONDS;
}

function imageOf({ pod, status }: Place): string {
  return [...pod.spec.initContainers, ...pod.spec.containers].find(({ name }) => name === status.name)?.image ?? '';
}

/** Exit codes above 128 are signals (POSIX shells' convention, which container runtimes keep). */
function signalOf(exitCode: number): string {
  if (exitCode === 137) return ', killed by SIGKILL';
  if (exitCode === 143) return ', ended by SIGTERM';
  return exitCode === 139 ? ', a segmentation fault' : '';
}

function draft(
  { pod, path }: Place,
  severity: Draft['severity'],
  reason: string,
  message: string,
  fields: readonly (readonly [string, string])[],
  next_step: string,
): Draft {
  const evidence = fields
    .filter(([, value]) => value !== '')
    .map(([field, value]) => ({ path: field.startsWith('spec.') ? field : `${path}.${field}`, value }));
  return { severity, reason, object: refOf('Pod', pod), message, evidence, next_step };
}
