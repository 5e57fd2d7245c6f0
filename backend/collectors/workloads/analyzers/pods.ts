import type { Analyzer, Draft } from '../analyzer.ts';
import { ageSeconds, conditionOf, refOf, span } from '../analyzer.ts';

/** A pod is given this long to be scheduled, to start and to be ready before that it is not is worth a word. */
const PATIENCE_SECONDS = 120;
/** Past its own grace period, for the kubelet and finalizers. */
const TERMINATION_SLACK_SECONDS = 600;

/** Pods as a whole: not scheduled, not ready, evicted, not ending. */
export const podsAnalyzer: Analyzer = {
  name: 'pods',
  checks: [
    {
      id: 'unschedulable',
      needs: ['pods'],
      run: ({ objects, nowMs }) =>
        (objects.pods ?? []).flatMap((pod): Draft[] => {
          const condition = conditionOf(pod.status.conditions, 'PodScheduled', 'False');
          if (pod.status.phase !== 'Pending' || condition?.reason !== 'Unschedulable') return [];
          return [
            {
              severity: 'CRITICAL',
              reason: 'UNSCHEDULABLE',
              object: refOf('Pod', pod),
              message: `No node takes the pod (pending for ${span(ageSeconds(pod.metadata.creationTimestamp, nowMs))}): ${condition.message}`,
              evidence: [
                { path: 'status.conditions[PodScheduled].reason', value: condition.reason },
                { path: 'status.conditions[PodScheduled].message', value: condition.message },
              ],
              next_step: schedulingStep(condition.message),
            },
          ];
        }),
    },
    {
      id: 'not-ready',
      needs: ['pods'],
      run: ({ objects, nowMs }) =>
        (objects.pods ?? []).flatMap((pod): Draft[] => {
          const condition = conditionOf(pod.status.conditions, 'Ready', 'False');
          if (pod.status.phase !== 'Running' || !condition || pod.metadata.deletionTimestamp) return [];
          const waiting = pod.status.containerStatuses.filter(({ ready, state }) => ready !== true && state.running);
          // Only containers that run and are still not ready: the others have checks that know why.
          if (
            waiting.length === 0 ||
            ageSeconds(condition.lastTransitionTime ?? pod.metadata.creationTimestamp, nowMs) < PATIENCE_SECONDS
          )
            return [];
          return [
            {
              severity: 'WARNING',
              reason: 'NOT_READY',
              object: refOf('Pod', pod),
              message: `Running but not ready: ${waiting.map(({ name }) => name).join(', ')}. It gets no traffic from services.`,
              evidence: [
                { path: 'status.conditions[Ready].status', value: 'False' },
                ...(condition.reason ? [{ path: 'status.conditions[Ready].reason', value: condition.reason }] : []),
              ],
              next_step:
                'Its readiness probe fails: look at list_events of the pod (reason Unhealthy) and at what the probe asks for.',
            },
          ];
        }),
    },
    {
      id: 'failed',
      needs: ['pods'],
      run: ({ objects }) =>
        (objects.pods ?? []).flatMap((pod): Draft[] => {
          // Pods of jobs are told of with their job.
          if (pod.status.phase !== 'Failed' || pod.metadata.ownerReferences.some(({ kind }) => kind === 'Job'))
            return [];
          const isEvicted = pod.status.reason === 'Evicted';
          return [
            {
              severity: isEvicted ? 'WARNING' : 'INFO',
              reason: isEvicted ? 'EVICTED' : 'POD_FAILED',
              object: refOf('Pod', pod),
              message: `${isEvicted ? 'Evicted from its node' : `Failed${pod.status.reason ? ` (${pod.status.reason})` : ''}`}${pod.status.message ? `: ${pod.status.message}` : '.'}`,
              evidence: [
                { path: 'status.phase', value: 'Failed' },
                ...(pod.status.reason ? [{ path: 'status.reason', value: pod.status.reason }] : []),
              ],
              next_step: isEvicted
                ? 'The message names the resource that ran short on the node; set requests that fit, and look at the node.'
                : 'Read its log; delete it when its controller has made another.',
            },
          ];
        }),
    },
    {
      id: 'stuck-terminating',
      needs: ['pods'],
      run: ({ objects, nowMs }) =>
        (objects.pods ?? []).flatMap((pod): Draft[] => {
          const { deletionTimestamp, finalizers } = pod.metadata;
          // The deletion timestamp is when the grace period ends.
          const late = ageSeconds(deletionTimestamp, nowMs);
          if (!deletionTimestamp || late < TERMINATION_SLACK_SECONDS) return [];
          return [
            {
              severity: 'WARNING',
              reason: 'STUCK_TERMINATING',
              object: refOf('Pod', pod),
              message: `Should have been gone ${span(late)} ago${finalizers.length > 0 ? `; finalizers hold it: ${finalizers.join(', ')}` : ''}.`,
              evidence: [
                { path: 'metadata.deletionTimestamp', value: deletionTimestamp },
                ...(finalizers.length > 0 ? [{ path: 'metadata.finalizers', value: finalizers.join(', ') }] : []),
              ],
              next_step:
                finalizers.length > 0
                  ? 'Find out why the controller of the finalizer does not remove it.'
                  : 'Its node does not confirm the end: check whether the node is ready and its kubelet runs.',
            },
          ];
        }),
    },
  ],
};

/** The scheduler says how many nodes fail by which filter (kube-scheduler, FitError). */
function schedulingStep(message: string): string {
  if (/Insufficient (\S+)/.test(message))
    return 'Nodes lack what it requests: lower the requests, free capacity, or add nodes (get_resource_usage by node).';
  if (/persistentvolumeclaim|PersistentVolumeClaims|volume node affinity/i.test(message))
    return 'Its volume claim is missing or not bound: see the findings about PersistentVolumeClaims.';
  if (/taint/i.test(message))
    return 'The nodes carry taints that it does not tolerate: add tolerations or other nodes.';
  if (/node affinity|node selector/i.test(message))
    return 'No node has the labels that its nodeSelector or affinity asks for.';
  return 'The message says which filter of the scheduler each node fails.';
}
