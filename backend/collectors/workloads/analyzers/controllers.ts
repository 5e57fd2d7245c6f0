import type { Analyzer, Draft } from '../analyzer.ts';
import { conditionOf, placeOf, placesOf, refOf } from '../analyzer.ts';

/** Deployments, ReplicaSets, StatefulSets and DaemonSets that do not come to what they want. */
export const controllersAnalyzer: Analyzer = {
  name: 'controllers',
  checks: [
    {
      id: 'deployment-progress',
      needs: ['deployments'],
      run: ({ objects }) =>
        (objects.deployments ?? []).flatMap((deployment): Draft[] => {
          const condition = conditionOf(deployment.status.conditions, 'Progressing', 'False');
          if (!condition) return [];
          return [
            {
              severity: 'CRITICAL',
              reason: 'ROLLOUT_STUCK',
              object: refOf('Deployment', deployment),
              message: `The rollout does not get on (${condition.reason || 'no reason given'})${condition.message ? `: ${condition.message}` : '.'}`,
              evidence: [
                { path: 'status.conditions[Progressing].status', value: 'False' },
                { path: 'status.conditions[Progressing].reason', value: condition.reason },
              ],
              next_step: 'Look at the findings about its newest pods; kubectl rollout undo goes back.',
            },
          ];
        }),
    },
    {
      id: 'deployment-replicas',
      needs: ['deployments'],
      run: ({ objects }) =>
        (objects.deployments ?? []).flatMap((deployment): Draft[] => {
          const wanted = deployment.spec.replicas ?? 1;
          const { availableReplicas } = deployment.status;
          if (availableReplicas >= wanted || deployment.metadata.deletionTimestamp) return [];
          return [
            {
              severity: availableReplicas === 0 ? 'CRITICAL' : 'WARNING',
              reason: 'REPLICAS_UNAVAILABLE',
              object: refOf('Deployment', deployment),
              message: `${availableReplicas} of ${wanted} replicas are available.`,
              evidence: [
                { path: 'spec.replicas', value: String(wanted) },
                { path: 'status.availableReplicas', value: String(availableReplicas) },
              ],
              next_step: 'Look at the findings about its pods.',
            },
          ];
        }),
    },
    {
      id: 'replica-failure',
      needs: ['replicasets'],
      run: ({ objects }) =>
        (objects.replicasets ?? []).flatMap((set): Draft[] => {
          const condition = conditionOf(set.status.conditions, 'ReplicaFailure', 'True');
          if (!condition) return [];
          const owner = set.metadata.ownerReferences[0];
          return [
            {
              severity: 'CRITICAL',
              reason: 'PODS_NOT_CREATED',
              object: owner
                ? { kind: owner.kind, namespace: set.metadata.namespace ?? null, name: owner.name }
                : refOf('ReplicaSet', set),
              message: `Its pods cannot be created (${condition.reason}): ${condition.message}`,
              evidence: [
                {
                  path: `ReplicaSet ${set.metadata.name} status.conditions[ReplicaFailure].reason`,
                  value: condition.reason,
                },
                {
                  path: `ReplicaSet ${set.metadata.name} status.conditions[ReplicaFailure].message`,
                  value: condition.message,
                },
              ],
              next_step: 'A quota, an admission webhook or a security policy refuses them: the message says which.',
            },
          ];
        }),
    },
    {
      id: 'statefulset-replicas',
      needs: ['statefulsets'],
      run: ({ objects }) =>
        (objects.statefulsets ?? []).flatMap((set): Draft[] => {
          const wanted = set.spec.replicas ?? 1;
          const { readyReplicas } = set.status;
          if (readyReplicas >= wanted || set.metadata.deletionTimestamp) return [];
          return [
            {
              severity: readyReplicas === 0 ? 'CRITICAL' : 'WARNING',
              reason: 'REPLICAS_UNAVAILABLE',
              object: refOf('StatefulSet', set),
              message: `${readyReplicas} of ${wanted} replicas are ready; they start one after the other, so the first that fails holds up the rest.`,
              evidence: [
                { path: 'spec.replicas', value: String(wanted) },
                { path: 'status.readyReplicas', value: String(readyReplicas) },
              ],
              next_step:
                'Look at the findings about its lowest-numbered pod that is not ready, and about its volume claims.',
            },
          ];
        }),
    },
    {
      id: 'statefulset-service',
      needs: ['statefulsets', 'services'],
      run: ({ objects }) => {
        const services = placesOf(objects.services);
        return (objects.statefulsets ?? []).flatMap((set): Draft[] => {
          const { serviceName } = set.spec;
          if (serviceName === '' || services.has(placeOf(set.metadata.namespace, serviceName))) return [];
          return [
            {
              severity: 'WARNING',
              reason: 'MISSING_SERVICE',
              object: refOf('StatefulSet', set),
              message: `Its governing service ${serviceName} does not exist, so its pods have no stable DNS names.`,
              evidence: [{ path: 'spec.serviceName', value: serviceName }],
              next_step: 'Create the headless service, or correct serviceName.',
            },
          ];
        });
      },
    },
    {
      id: 'statefulset-storage-class',
      needs: ['statefulsets', 'storageclasses'],
      run: ({ objects }) => {
        const classes = placesOf(objects.storageclasses);
        return (objects.statefulsets ?? []).flatMap((set) =>
          set.spec.volumeClaimTemplates.flatMap(({ metadata, spec }): Draft[] => {
            const name = spec.storageClassName ?? '';
            if (name === '' || classes.has(placeOf(null, name))) return [];
            return [
              {
                severity: 'CRITICAL',
                reason: 'MISSING_STORAGE_CLASS',
                object: refOf('StatefulSet', set),
                message: `The claim template ${metadata.name} wants the StorageClass ${name}, which does not exist.`,
                evidence: [{ path: `spec.volumeClaimTemplates[${metadata.name}].spec.storageClassName`, value: name }],
                next_step: 'Create the StorageClass, or name one that exists.',
              },
            ];
          }),
        );
      },
    },
    {
      id: 'daemonset-pods',
      needs: ['daemonsets'],
      run: ({ objects }) =>
        (objects.daemonsets ?? []).flatMap((set): Draft[] => {
          const { desiredNumberScheduled: wanted, numberReady: ready, numberMisscheduled: wrong } = set.status;
          if (ready >= wanted && wrong === 0) return [];
          return [
            {
              severity: ready < wanted ? 'WARNING' : 'INFO',
              reason: ready < wanted ? 'REPLICAS_UNAVAILABLE' : 'MISSCHEDULED',
              object: refOf('DaemonSet', set),
              message:
                ready < wanted
                  ? `Ready on ${ready} of ${wanted} nodes.`
                  : `Runs on ${wrong} nodes where it should not.`,
              evidence: [
                { path: 'status.desiredNumberScheduled', value: String(wanted) },
                { path: 'status.numberReady', value: String(ready) },
                { path: 'status.numberMisscheduled', value: String(wrong) },
              ],
              next_step: 'Look at the findings about its pods and nodes.',
            },
          ];
        }),
    },
  ],
};
