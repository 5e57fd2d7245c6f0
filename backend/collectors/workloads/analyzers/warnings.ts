import type { Analyzer, Check, Draft } from '../analyzer.ts';
import { ageSeconds } from '../analyzer.ts';

/** Warnings older than this are history. */
const RECENT_SECONDS = 1800;

/** What components report about objects and no field of the object says: mounts, probes, sandboxes, kernel kills. */
export const warningsAnalyzer: Analyzer = {
  name: 'warnings',
  checks: [
    fromEvents('volume-mount', ['FailedMount', 'FailedAttachVolume', 'FailedMapVolume'], {
      severity: 'CRITICAL',
      reason: 'VOLUME_NOT_MOUNTED',
      next_step:
        'The message names the volume and what is missing: a Secret, a ConfigMap, or a disk that another node holds.',
    }),
    fromEvents('probe-failures', ['Unhealthy', 'ProbeWarning'], {
      severity: 'WARNING',
      reason: 'PROBE_FAILED',
      next_step:
        'Try what the probe asks for from inside the pod; a slow start wants a startupProbe, a slow answer a longer timeoutSeconds.',
    }),
    fromEvents('pod-sandbox', ['FailedCreatePodSandBox'], {
      severity: 'CRITICAL',
      reason: 'POD_SANDBOX_FAILED',
      next_step: 'The network plugin or the container runtime of the node fails: look at its pods and log.',
    }),
    fromEvents('creation-refused', ['FailedCreate'], {
      severity: 'CRITICAL',
      reason: 'CREATION_REFUSED',
      next_step: 'A quota, an admission webhook or a security policy refuses the object: the message says which.',
    }),
    fromEvents('kernel-kills', ['OOMKilling', 'SystemOOM'], {
      severity: 'WARNING',
      reason: 'KERNEL_OOM_KILL',
      next_step:
        'Compare memory use with limits on that node (get_resource_usage), and see which pods were OOM-killed.',
    }),
  ],
};

function fromEvents(
  id: string,
  reasons: readonly string[],
  { severity, reason, next_step }: Pick<Draft, 'severity' | 'reason' | 'next_step'>,
): Check {
  return {
    id,
    needs: ['events'],
    run: ({ events = [], nowMs }) =>
      events
        .filter(
          (event) =>
            event.type === 'WARNING' &&
            reasons.includes(event.reason) &&
            ageSeconds(event.last_at, nowMs) < RECENT_SECONDS,
        )
        .map((event) => ({
          severity,
          reason,
          object: event.object,
          message: `${event.message}${event.count > 1 ? ` (${event.count} times)` : ''}`,
          evidence: [
            { path: 'event.reason', value: event.reason },
            { path: 'event.lastTimestamp', value: event.last_at },
            { path: 'event.count', value: String(event.count) },
          ],
          next_step,
        })),
  };
}
