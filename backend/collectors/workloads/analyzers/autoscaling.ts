import type { Analyzer, Draft, Snapshot } from '../analyzer.ts';
import { conditionOf, placeOf, placesOf, refOf, selects } from '../analyzer.ts';
import type { ObjectOf } from '../kinds.ts';

type Autoscaler = ObjectOf<'horizontalpodautoscalers'>;

/** Autoscalers that cannot do their work or have come to the end of it. */
export const autoscalingAnalyzer: Analyzer = {
  name: 'autoscaling',
  checks: [
    {
      id: 'autoscaler-target',
      needs: ['horizontalpodautoscalers', 'deployments', 'statefulsets', 'replicasets'],
      run: ({ objects }) => {
        const targets: Readonly<Record<string, ReadonlySet<string>>> = {
          Deployment: placesOf(objects.deployments),
          StatefulSet: placesOf(objects.statefulsets),
          ReplicaSet: placesOf(objects.replicasets),
        };
        return autoscalers({ objects }).flatMap((scaler): Draft[] => {
          const { kind, name } = scaler.spec.scaleTargetRef;
          const there = targets[kind];
          // Of custom resources with a scale subresource nothing is known.
          if (!there || there.has(placeOf(scaler.metadata.namespace, name))) return [];
          return [
            {
              severity: 'CRITICAL',
              reason: 'MISSING_SCALE_TARGET',
              object: refOf('HorizontalPodAutoscaler', scaler),
              message: `It scales ${kind} ${name}, which does not exist in its namespace.`,
              evidence: [{ path: 'spec.scaleTargetRef', value: `${kind}/${name}` }],
              next_step: 'Correct the target, or remove the autoscaler.',
            },
          ];
        });
      },
    },
    {
      id: 'autoscaler-inactive',
      needs: ['horizontalpodautoscalers'],
      run: (snapshot) =>
        autoscalers(snapshot).flatMap((scaler): Draft[] => {
          const { conditions } = scaler.status;
          const condition =
            conditionOf(conditions, 'AbleToScale', 'False') ?? conditionOf(conditions, 'ScalingActive', 'False');
          // Scaled to zero by hand is no fault (HPA controller, ScalingDisabled).
          if (!condition || condition.reason === 'ScalingDisabled') return [];
          return [
            {
              severity: 'WARNING',
              reason: 'AUTOSCALER_INACTIVE',
              object: refOf('HorizontalPodAutoscaler', scaler),
              message: `It does not scale (${condition.reason})${condition.message ? `: ${condition.message}` : '.'}`,
              evidence: [{ path: `status.conditions[${condition.type}].reason`, value: condition.reason }],
              next_step: /Metric/.test(condition.reason)
                ? 'It gets no metrics: check metrics-server or the metrics adapter, and that the pods set requests.'
                : 'The message says what it waits for.',
            },
          ];
        }),
    },
    {
      id: 'autoscaler-limit',
      needs: ['horizontalpodautoscalers'],
      run: (snapshot) =>
        autoscalers(snapshot).flatMap((scaler): Draft[] => {
          const limited = conditionOf(scaler.status.conditions, 'ScalingLimited', 'True');
          if (limited?.reason !== 'TooManyReplicas' || scaler.status.currentReplicas < scaler.spec.maxReplicas)
            return [];
          return [
            {
              severity: 'WARNING',
              reason: 'AUTOSCALER_AT_MAXIMUM',
              object: refOf('HorizontalPodAutoscaler', scaler),
              message: `It runs its most replicas (${scaler.spec.maxReplicas}) and would want more.`,
              evidence: [
                { path: 'spec.maxReplicas', value: String(scaler.spec.maxReplicas) },
                { path: 'status.conditions[ScalingLimited].reason', value: limited.reason },
              ],
              next_step:
                'Raise maxReplicas when the nodes have room (get_resource_usage), or find out what drives the load.',
            },
          ];
        }),
    },
    {
      id: 'autoscaler-requests',
      needs: ['horizontalpodautoscalers', 'deployments', 'pods'],
      run: ({ objects }) =>
        autoscalers({ objects }).flatMap((scaler): Draft[] => {
          const { kind, name } = scaler.spec.scaleTargetRef;
          const target = (objects.deployments ?? []).find(
            ({ metadata }) =>
              kind === 'Deployment' && metadata.name === name && metadata.namespace === scaler.metadata.namespace,
          );
          if (!target || !conditionOf(scaler.status.conditions, 'ScalingActive', 'False')) return [];
          const pod = (objects.pods ?? []).find(
            ({ metadata }) =>
              metadata.namespace === scaler.metadata.namespace && selects(target.spec.selector, metadata.labels),
          );
          const without =
            pod?.spec.containers.filter(({ resources }) => Object.keys(resources.requests).length === 0) ?? [];
          if (without.length === 0) return [];
          return [
            {
              severity: 'WARNING',
              reason: 'NO_REQUESTS_TO_SCALE_BY',
              object: refOf('HorizontalPodAutoscaler', scaler),
              message: `Utilization is a share of the requests, and ${without.map((one) => one.name).join(', ')} of ${name} requests nothing.`,
              evidence: [{ path: 'Pod spec.containers.resources.requests', value: '(none)' }],
              next_step: 'Set requests on every container of the target.',
            },
          ];
        }),
    },
  ],
};

function autoscalers({ objects }: Pick<Snapshot, 'objects'>): readonly Autoscaler[] {
  return objects.horizontalpodautoscalers ?? [];
}
