import { AppError } from '../model/errors.ts';
import { type Envelope, createEnvelope, loadMasterKey } from '../platform/envelope.ts';
import { clusterCredentials } from '../platform/store/schema.ts';
import type { Store } from '../platform/store/store.ts';

/**
 * The envelope over the master key in `file`. A key is made only while nothing is sealed yet, and one that does not open what
 * is sealed is refused: either way round, credentials would be stored that the server next door cannot read. Throws
 * VALIDATION_FAILED naming the file.
 */
export async function openEnvelope(store: Store, file: string): Promise<Envelope> {
  const [sample] = await store.query((db) => db.select().from(clusterCredentials).limit(1));
  const envelope = createEnvelope(await loadMasterKey(file, { create: sample === undefined }));
  if (!sample) return envelope;
  try {
    envelope.open(sample.sealed, sample.cluster_id);
  } catch (cause) {
    throw new AppError(
      'VALIDATION_FAILED',
      `The encryption key in ${file} is not the one that the stored credentials are sealed with.`,
      {
        hint: 'Set AIOPS_ENCRYPTION_KEY_FILE to the key that the server uses.',
        cause,
      },
    );
  }
  return envelope;
}
