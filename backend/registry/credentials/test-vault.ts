/** For tests: a vault over a real store, with keys that no file holds. */
import { randomBytes } from 'node:crypto';
import type { ClusterCredentials } from '../../model/cluster.ts';
import type { Clock } from '../../platform/clock.ts';
import type { MasterKey } from '../../platform/envelope.ts';
import type { Keyring } from '../../platform/keyring.ts';
import { silentLogger } from '../../platform/store/test-store.ts';
import type { Store } from '../../platform/store/store.ts';
import { expiryOf } from './expiry.ts';
import { resolveCredentials } from './resolve.ts';
import type { SealedStore } from './sealed-store.ts';
import { type CredentialVault, createCredentialVault } from './vault.ts';

export interface TestVault extends CredentialVault {
  readonly keyring: Keyring;
  /** Stores credentials as `set_cluster_credentials` would, without trying them. */
  set(clusterId: string, given: ClusterCredentials): Promise<void>;
}

export function testVault(parts: {
  store: Store;
  clock: Clock;
  keyring?: Keyring;
  sealedStore?: SealedStore;
  nudge?: () => void;
}): TestVault {
  const { keyring = testKeyring(), nudge = () => undefined, ...rest } = parts;
  const vault = createCredentialVault({ ...rest, keyring, nudge, logger: silentLogger });
  return {
    ...vault,
    keyring,
    set: (clusterId, given) => {
      const credentials = resolveCredentials(given, false);
      return vault.put(clusterId, { authType: given.auth_type, credentials, expiresAt: expiryOf(credentials) }, 'SET');
    },
  };
}

export function testKeyring(): Keyring {
  let keys: readonly MasterKey[] = [{ version: 1, key: randomBytes(32) }];
  return {
    keys: () => keys,
    reload: async () => undefined,
    add: async () => {
      const version = Math.max(...keys.map((key) => key.version)) + 1;
      keys = [...keys, { version, key: randomBytes(32) }];
      return version;
    },
    drop: async (versions) => {
      keys = keys.filter((key) => !versions.includes(key.version));
    },
  };
}
