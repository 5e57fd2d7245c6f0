import { sql } from 'drizzle-orm';
import type { Keyring } from '../../platform/keyring.ts';
import type { Store } from '../../platform/store/store.ts';
import type { CredentialVault } from './vault.ts';

/** Key of the advisory lock that whoever edits the key file holds: "KEYRG" read as bytes. */
const KEYRING_LOCK = 0x4b_45_59_52_47;

export interface KeyRotation {
  /** The version that wraps everything now, but for what failed. */
  readonly key_version: number;
  readonly rewrapped: number;
  readonly failed: readonly { readonly cluster_name: string; readonly reason: string }[];
  /** Versions that were taken out of the file. */
  readonly dropped: readonly number[];
}

/**
 * Adds a master key to the file, unless `newKey` is false because a person has put one there, and wraps all credentials with the
 * newest. Broken off at any point everything still opens, and a repetition finishes it. With `dropUnused`, keys that wrap
 * nothing any more leave the file; what they wrapped in a backup is then lost. Throws VALIDATION_FAILED for the file.
 */
export async function rotateMasterKey(
  { store, vault, keyring }: { store: Store; vault: CredentialVault; keyring: Keyring },
  { newKey, dropUnused }: { newKey: boolean; dropUnused: boolean },
): Promise<KeyRotation> {
  if (newKey) await alone(store, () => keyring.add());
  const { rewrapped, failed } = await vault.rewrap();
  const newest = Math.max(...keyring.keys().map((key) => key.version));
  const dropped = dropUnused ? await unused(vault, keyring, newest) : [];
  if (dropped.length > 0) await alone(store, () => keyring.drop(dropped));
  return { key_version: newest, rewrapped, failed, dropped };
}

async function unused(vault: CredentialVault, keyring: Keyring, newest: number): Promise<readonly number[]> {
  const used = await vault.keysInUse();
  return keyring
    .keys()
    .map((key) => key.version)
    .filter((version) => version < newest && !used.has(version));
}

/** One process at a time edits the file. `edit` must not use the store: with PGlite this is its only connection. */
function alone<T>(store: Store, edit: () => Promise<T>): Promise<T> {
  return store.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${KEYRING_LOCK})`);
    return edit();
  });
}
