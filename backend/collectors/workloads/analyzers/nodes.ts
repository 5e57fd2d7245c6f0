import type { Analyzer, Draft } from '../analyzer.ts';
import { ageSeconds, refOf, span } from '../analyzer.ts';

/** Conditions that are bad when True (kubelet, node problem detector), with what they lead to. */
const PRESSURES: Readonly<Record<string, string>> = {
  MemoryPressure: 'the kubelet evicts pods to get memory back',
  DiskPressure: 'the kubelet deletes images and evicts pods to get disk space back',
  PIDPressure: 'no further processes can be started',
  NetworkUnavailable: 'pods on it have no network',
  KernelDeadlock: 'its kernel hangs',
  ReadonlyFilesystem: 'its file system is read-only',
};

export const nodesAnalyzer: Analyzer = {
  name: 'nodes',
  checks: [
    {
      id: 'node-not-ready',
      needs: ['nodes'],
      run: ({ objects, nowMs }) =>
        (objects.nodes ?? []).flatMap((node): Draft[] => {
          const ready = node.status.conditions.find(({ type }) => type === 'Ready');
          if (!ready || ready.status === 'True') return [];
          const since = ready.lastTransitionTime ? ` for ${span(ageSeconds(ready.lastTransitionTime, nowMs))}` : '';
          return [
            {
              severity: 'CRITICAL',
              reason: 'NODE_NOT_READY',
              object: refOf('Node', node),
              message:
                ready.status === 'Unknown'
                  ? `Its kubelet has not been heard of${since}; its pods are moved elsewhere.`
                  : `Not ready${since}${ready.message ? `: ${ready.message}` : '.'}`,
              evidence: [
                { path: 'status.conditions[Ready].status', value: ready.status },
                { path: 'status.conditions[Ready].reason', value: ready.reason },
              ],
              next_step:
                ready.status === 'Unknown'
                  ? 'Check power, network and kubelet of the machine.'
                  : 'The message says what the kubelet misses.',
            },
          ];
        }),
    },
    {
      id: 'node-pressure',
      needs: ['nodes'],
      run: ({ objects }) =>
        (objects.nodes ?? []).flatMap((node) =>
          node.status.conditions.flatMap(({ type, status, reason, message }): Draft[] => {
            const effect = PRESSURES[type];
            if (effect === undefined || status !== 'True') return [];
            return [
              {
                severity: 'CRITICAL',
                reason: 'NODE_PRESSURE',
                object: refOf('Node', node),
                message: `${type}: ${effect}${message ? ` (${message})` : ''}.`,
                evidence: [{ path: `status.conditions[${type}].status`, value: `True${reason ? ` (${reason})` : ''}` }],
                next_step: 'See what uses the resource on that node (get_resource_usage, get_top_consumers).',
              },
            ];
          }),
        ),
    },
    {
      id: 'node-cordoned',
      needs: ['nodes'],
      run: ({ objects }) =>
        (objects.nodes ?? []).flatMap((node): Draft[] =>
          node.spec.unschedulable === true
            ? [
                {
                  severity: 'INFO',
                  reason: 'NODE_CORDONED',
                  object: refOf('Node', node),
                  message: 'It takes no new pods: it is cordoned.',
                  evidence: [{ path: 'spec.unschedulable', value: 'true' }],
                  next_step: 'kubectl uncordon when its maintenance is over.',
                },
              ]
            : [],
        ),
    },
  ],
};
