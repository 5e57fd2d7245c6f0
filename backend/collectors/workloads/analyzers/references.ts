import type { Analyzer, Check, Draft, Snapshot } from '../analyzer.ts';
import { placeOf, placesOf, refOf } from '../analyzer.ts';
import type { KindName } from '../kinds.ts';
import type { Pod } from '../objects.ts';

interface Use {
  readonly name: string;
  /** Where the pod says so. */
  readonly path: string;
}

/** What a pod refers to must exist; what is marked optional need not. Of Secrets only the names are read. */
export const referencesAnalyzer: Analyzer = {
  name: 'references',
  checks: [
    missing('missing-configmap', 'configmaps', 'ConfigMap', configMapsOf),
    missing('missing-secret', 'secrets', 'Secret', secretsOf),
    missing('missing-volume-claim', 'persistentvolumeclaims', 'PersistentVolumeClaim', claimsOf),
    missing('missing-service-account', 'serviceaccounts', 'ServiceAccount', ({ spec }) =>
      spec.serviceAccountName === '' ? [] : [{ name: spec.serviceAccountName, path: 'spec.serviceAccountName' }],
    ),
  ],
};

function missing(
  id: string,
  kinds: KindName & ('configmaps' | 'secrets' | 'persistentvolumeclaims' | 'serviceaccounts'),
  kind: string,
  usesOf: (pod: Pod) => Use[],
): Check {
  return {
    id,
    needs: ['pods', kinds],
    run: ({ objects }: Snapshot) => {
      const there = placesOf(objects[kinds]);
      return livePods(objects.pods).flatMap((pod) => {
        const absent = new Map<string, Use>();
        for (const use of usesOf(pod))
          if (!there.has(placeOf(pod.metadata.namespace, use.name))) absent.set(use.name, use);
        return [...absent.values()].map(({ name, path }): Draft => ({
          severity: pod.status.phase === 'Running' ? 'WARNING' : 'CRITICAL',
          reason: `MISSING_${id.slice('missing-'.length).toUpperCase().replaceAll('-', '_')}`,
          object: refOf('Pod', pod),
          message: `It refers to the ${kind} ${name}, which does not exist in its namespace${pod.status.phase === 'Running' ? '; it will not start again without' : ''}.`,
          evidence: [{ path, value: name }],
          next_step: `Create the ${kind}, or correct the name.`,
        }));
      });
    },
  };
}

/** Those that have ended need nothing any more. */
function livePods(pods: readonly Pod[] = []): Pod[] {
  return pods.filter(
    ({ status, metadata }) => ['Pending', 'Running'].includes(status.phase) && !metadata.deletionTimestamp,
  );
}

function configMapsOf(pod: Pod): Use[] {
  return required([
    ...pod.spec.volumes.flatMap(({ name, configMap, projected }) => [
      { ...configMap, path: `spec.volumes[${name}].configMap.name` },
      ...(projected?.sources ?? []).map(({ configMap: source }) => ({
        ...source,
        path: `spec.volumes[${name}].projected.sources.configMap.name`,
      })),
    ]),
    ...containersOf(pod).flatMap(({ name, env, envFrom }) => [
      ...envFrom.map(({ configMapRef }) => ({
        ...configMapRef,
        path: `spec.containers[${name}].envFrom.configMapRef.name`,
      })),
      ...env.map(({ name: variable, valueFrom }) => ({
        ...valueFrom?.configMapKeyRef,
        path: `spec.containers[${name}].env[${variable}].valueFrom.configMapKeyRef.name`,
      })),
    ]),
  ]);
}

function secretsOf(pod: Pod): Use[] {
  return required([
    ...pod.spec.volumes.flatMap(({ name, secret, projected }) => [
      { name: secret?.secretName, optional: secret?.optional, path: `spec.volumes[${name}].secret.secretName` },
      ...(projected?.sources ?? []).map(({ secret: source }) => ({
        ...source,
        path: `spec.volumes[${name}].projected.sources.secret.name`,
      })),
    ]),
    ...containersOf(pod).flatMap(({ name, env, envFrom }) => [
      ...envFrom.map(({ secretRef }) => ({ ...secretRef, path: `spec.containers[${name}].envFrom.secretRef.name` })),
      ...env.map(({ name: variable, valueFrom }) => ({
        ...valueFrom?.secretKeyRef,
        path: `spec.containers[${name}].env[${variable}].valueFrom.secretKeyRef.name`,
      })),
    ]),
  ]);
}

function claimsOf(pod: Pod): Use[] {
  return required(
    pod.spec.volumes.map(({ name, persistentVolumeClaim }) => ({
      name: persistentVolumeClaim?.claimName,
      path: `spec.volumes[${name}].persistentVolumeClaim.claimName`,
    })),
  );
}

function containersOf({ spec }: Pod) {
  return [...spec.initContainers, ...spec.containers];
}

function required(
  uses: readonly { name?: string | undefined; optional?: boolean | null | undefined; path: string }[],
): Use[] {
  return uses.flatMap(({ name, optional, path }) => (name && optional !== true ? [{ name, path }] : []));
}
