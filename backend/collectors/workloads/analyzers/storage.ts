import type { Analyzer, Draft } from '../analyzer.ts';
import { ageSeconds, placeOf, placesOf, refOf, span } from '../analyzer.ts';

const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';
const PATIENCE_SECONDS = 120;

/** Claims that get no volume. */
export const storageAnalyzer: Analyzer = {
  name: 'storage',
  checks: [
    {
      id: 'claim-storage-class',
      needs: ['persistentvolumeclaims', 'storageclasses'],
      run: ({ objects }) => {
        const classes = placesOf(objects.storageclasses);
        const hasDefault = (objects.storageclasses ?? []).some(
          ({ metadata }) => metadata.annotations[DEFAULT_CLASS] === 'true',
        );
        return (objects.persistentvolumeclaims ?? []).flatMap((claim): Draft[] => {
          const name = claim.spec.storageClassName;
          // The empty name means no provisioning on purpose; a missing one is the default class.
          if (claim.status.phase === 'Bound' || name === '') return [];
          if (name === null || name === undefined ? hasDefault : classes.has(placeOf(null, name))) return [];
          return [
            {
              severity: 'CRITICAL',
              reason: 'MISSING_STORAGE_CLASS',
              object: refOf('PersistentVolumeClaim', claim),
              message: name
                ? `Its StorageClass ${name} does not exist, so nothing makes a volume for it.`
                : 'It names no StorageClass and the cluster has no default one, so nothing makes a volume for it.',
              evidence: [{ path: 'spec.storageClassName', value: name ?? '(none)' }],
              next_step: 'Create the StorageClass, or make the claim anew with one that exists.',
            },
          ];
        });
      },
    },
    {
      id: 'claim-pending',
      needs: ['persistentvolumeclaims', 'storageclasses', 'pods'],
      run: ({ objects, nowMs }) => {
        const lazy = new Set(
          (objects.storageclasses ?? [])
            .filter((one) => one.volumeBindingMode === 'WaitForFirstConsumer')
            .map(({ metadata }) => metadata.name),
        );
        const used = new Set(
          (objects.pods ?? []).flatMap(({ metadata, spec }) =>
            spec.volumes.flatMap(({ persistentVolumeClaim: claim }) =>
              claim ? [placeOf(metadata.namespace, claim.claimName)] : [],
            ),
          ),
        );
        return (objects.persistentvolumeclaims ?? []).flatMap((claim): Draft[] => {
          const { phase } = claim.status;
          const age = ageSeconds(claim.metadata.creationTimestamp, nowMs);
          const isUsed = used.has(placeOf(claim.metadata.namespace, claim.metadata.name));
          if (phase === 'Lost')
            return [
              {
                severity: 'CRITICAL',
                reason: 'VOLUME_LOST',
                object: refOf('PersistentVolumeClaim', claim),
                message: `The volume ${claim.spec.volumeName} that it was bound to is gone.`,
                evidence: [
                  { path: 'status.phase', value: 'Lost' },
                  { path: 'spec.volumeName', value: claim.spec.volumeName },
                ],
                next_step: 'Restore the data from a backup into a new claim; the old one cannot be bound again.',
              },
            ];
          // A class that waits for its first consumer leaves an unused claim pending for good reason.
          const waits = lazy.has(claim.spec.storageClassName ?? '') && !isUsed;
          if (phase !== 'Pending' || age < PATIENCE_SECONDS || waits) return [];
          return [
            {
              severity: isUsed ? 'CRITICAL' : 'WARNING',
              reason: 'CLAIM_PENDING',
              object: refOf('PersistentVolumeClaim', claim),
              message: `It has had no volume for ${span(age)}${isUsed ? ', and a pod waits for it' : ''}.`,
              evidence: [
                { path: 'status.phase', value: 'Pending' },
                { path: 'spec.storageClassName', value: claim.spec.storageClassName ?? '(default)' },
              ],
              next_step:
                'list_events of the claim says what the provisioner answers (ProvisioningFailed, FailedBinding).',
            },
          ];
        });
      },
    },
  ],
};
