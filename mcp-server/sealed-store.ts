import type { Clock } from '../backend/platform/clock.ts';
import { createInClusterTarget } from '../backend/registry/credentials/in-cluster.ts';
import { createSecretStore } from '../backend/registry/credentials/secret-store.ts';
import type { SealedStore } from '../backend/registry/credentials/sealed-store.ts';
import { createKubernetesClient } from '../backend/spokes/kubernetes.ts';
import type { Transport } from '../backend/spokes/transport.ts';
import type { EffectiveConfig } from './config.ts';

/**
 * Where sealed credentials are kept when the configuration says so; nothing = the database. Reads the files of the service
 * account, so that a server without them says so at its start. Throws STORE_UNAVAILABLE.
 */
export async function sealedStoreOf(
  config: EffectiveConfig,
  transport: Transport,
  clock: Clock,
): Promise<{ sealedStore?: SealedStore }> {
  if (config.credential_store === 'database') return {};
  const files = {
    apiServerUrl: config.kubernetes_api_url,
    tokenFile: config.kubernetes_token_file,
    caFile: config.kubernetes_ca_file,
  };
  const target = createInClusterTarget(files, clock);
  await target();
  const sealedStore = createSecretStore({
    kubernetes: createKubernetesClient(transport),
    target,
    namespace: config.kubernetes_namespace,
    prefix: config.kubernetes_secret_prefix,
    clock,
  });
  return { sealedStore };
}
