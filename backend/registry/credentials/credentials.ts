import type { Cluster, ClusterCreate, ClusterCredentials, CredentialsValidation } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import type { AddressPolicy } from '../../spokes/address-policy.ts';
import type { UsableCredentials } from '../../spokes/auth.ts';
import type { Spokes } from '../../spokes/spokes.ts';
import { newRow, toCluster } from '../cluster-rows.ts';
import { requireValidCluster } from '../cluster-rules.ts';
import type { ClusterRegistry } from '../registry.ts';
import { expiryOf } from './expiry.ts';
import { resolveCredentials } from './resolve.ts';
import { validateCredentials } from './validate.ts';
import { type CredentialVault, type NewCredentials, credentialsNotFound } from './vault.ts';

/**
 * The credentials of clusters: write only. `CREDENTIALS_INVALID` is what cannot work by itself: a half pair, a token with a line
 * break, one that has expired; whether a spoke takes them is what {@link Credentials.validate} says.
 */
export interface Credentials {
  /** Stores them in place of earlier ones. Throws CLUSTER_NOT_FOUND, CREDENTIALS_INVALID, ADDRESS_FORBIDDEN, STORE_UNAVAILABLE. */
  set(clusterId: string, given: ClusterCredentials): Promise<void>;
  /** As {@link set}, unless they are what is stored already. Returns whether they were not. */
  keep(clusterId: string, given: ClusterCredentials): Promise<boolean>;
  /** Throws CREDENTIALS_NOT_FOUND, CLUSTER_NOT_FOUND. */
  remove(clusterId: string): Promise<void>;
  /** Tries the given credentials at every endpoint, or those that are stored. Throws CREDENTIALS_NOT_FOUND. */
  validate(
    clusterId: string,
    given: ClusterCredentials | undefined,
    signal: AbortSignal,
  ): Promise<CredentialsValidation>;
  /**
   * The same for a cluster that is not registered; registers and stores nothing. Throws what a registration would throw before it
   * is written: INVALID_CLUSTER_NAME, ADDRESS_FORBIDDEN, VALIDATION_FAILED.
   */
  validateNew(input: ClusterCreate, given: ClusterCredentials, signal: AbortSignal): Promise<CredentialsValidation>;
  /**
   * Tries the new credentials everywhere and then puts them in the place of the old, which are used until then. No endpoint may be
   * worse off than before: CREDENTIALS_INVALID, or CLUSTER_UNREACHABLE when none could say, with the result in `details`;
   * nothing is changed then. Throws CREDENTIALS_NOT_FOUND when there are no old ones.
   */
  rotate(clusterId: string, given: ClusterCredentials, signal: AbortSignal): Promise<CredentialsValidation>;
}

export function createCredentials(parts: {
  vault: CredentialVault;
  registry: Pick<ClusterRegistry, 'get'>;
  spokes: Spokes;
  policy: AddressPolicy;
  clock: Clock;
}): Credentials {
  const { vault, registry, spokes, policy, clock } = parts;

  function prepare(cluster: Cluster, given: ClusterCredentials): NewCredentials {
    const credentials = resolveCredentials(given, cluster.tls.insecure_skip_verify);
    if (credentials.auth_type === 'OIDC') policy.checkUrl(credentials.token_url);
    return { authType: given.auth_type, credentials, expiresAt: expiryOf(credentials) };
  }

  function requireTime({ expiresAt }: NewCredentials): void {
    if (expiresAt && expiresAt <= clock.now())
      throw new AppError('CREDENTIALS_INVALID', `The credentials expired at ${expiresAt.toISOString()}.`, {
        details: { expires_at: expiresAt.toISOString() },
      });
  }

  const tried = (cluster: Cluster, credentials: UsableCredentials, signal: AbortSignal) =>
    validateCredentials({ spokes, clock, cluster, credentials, signal });

  async function stored(cluster: Cluster): Promise<UsableCredentials> {
    const credentials = await vault.get(cluster.id);
    if (!credentials) throw credentialsNotFound(cluster.name);
    return credentials;
  }

  return {
    set: async (id, given) => {
      const cluster = await registry.get(id);
      const prepared = prepare(cluster, given);
      requireTime(prepared);
      await vault.put(cluster.id, prepared, 'SET');
      spokes.forget(cluster.id);
    },

    keep: async (id, given) => {
      const cluster = await registry.get(id);
      const prepared = prepare(cluster, given);
      const old = await vault.get(cluster.id);
      if (JSON.stringify(old) === JSON.stringify(prepared.credentials)) return false;
      requireTime(prepared);
      await vault.put(cluster.id, prepared, old ? 'ROTATED' : 'SET');
      spokes.forget(cluster.id);
      return true;
    },

    remove: async (id) => {
      const cluster = await registry.get(id);
      await vault.remove(cluster.id);
      spokes.forget(cluster.id);
    },

    validate: async (id, given, signal) => {
      const cluster = await registry.get(id);
      const credentials = given ? prepare(cluster, given).credentials : await stored(cluster);
      return tried(cluster, credentials, signal);
    },

    validateNew: async (input, given, signal) => {
      requireValidCluster(input, policy);
      const cluster = toCluster(newRow(input, { source: 'MANUAL', source_key: null }, clock.now()), null);
      return tried(cluster, prepare(cluster, given).credentials, signal);
    },

    rotate: async (id, given, signal) => {
      const cluster = await registry.get(id);
      const old = await stored(cluster);
      const prepared = prepare(cluster, given);
      requireTime(prepared);
      const result = await tried(cluster, prepared.credentials, signal);
      if (!result.valid) requireNoWorse(result, await tried(cluster, old, signal));
      signal.throwIfAborted();
      await vault.put(cluster.id, prepared, 'ROTATED');
      spokes.forget(cluster.id);
      return result;
    },
  };
}

/** An endpoint that is down, or never let this account in, does not stand in the way of a rotation; all of them together do. */
function requireNoWorse(fresh: CredentialsValidation, old: CredentialsValidation): void {
  const before = new Map(old.endpoints.map(({ endpoint, status }) => [endpoint, status]));
  const worse = fresh.endpoints.filter(
    ({ endpoint, status }) =>
      status === 'invalid' || status === 'expired' || (status !== 'valid' && status !== before.get(endpoint)),
  );
  const proven = fresh.endpoints.some(({ status }) => status === 'valid');
  if (worse.length === 0 && proven) return;
  const refused = worse.length > 0 ? worse : fresh.endpoints;
  const said = refused.map(({ endpoint, status, detail }) => `${endpoint}: ${detail ?? status}`).join('; ');
  const unreachable = refused.every(({ status }) => status === 'unreachable');
  throw new AppError(
    unreachable ? 'CLUSTER_UNREACHABLE' : 'CREDENTIALS_INVALID',
    `The new credentials were not stored, because they do not prove themselves. ${said}.`,
    { details: { validation: fresh }, hint: 'The old credentials stay in use.' },
  );
}
