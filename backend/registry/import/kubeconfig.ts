import { ClusterCreate } from '../../model/cluster.ts';
import { isUsable, parseKubeconfig } from '../kubeconfig.ts';
import { nameFrom, type SourceState, type Unusable, type Wanted } from './plan.ts';

/**
 * The contexts of a kubeconfig, or those of the given names, each with its credentials. What is registered already stays as it
 * is. Throws CREDENTIALS_INVALID when it is no kubeconfig.
 */
export function wantedOfKubeconfig(text: string, contexts?: readonly string[]): SourceState {
  const wanted: Wanted[] = [];
  const unusable: Unusable[] = [];
  const all = parseKubeconfig(text);
  for (const name of contexts ?? []) {
    if (!all.some(({ context }) => context === name))
      unusable.push({ source_key: name, reason: 'the kubeconfig has no such context' });
  }
  for (const context of all) {
    const source_key = context.context;
    if (contexts && !contexts.includes(source_key)) continue;
    if (!isUsable(context)) {
      unusable.push({ source_key, reason: context.reason });
      continue;
    }
    const name = nameFrom(source_key);
    if (name === undefined) {
      unusable.push({ source_key, reason: 'no cluster name can be made from it' });
      continue;
    }
    const { api_server_url, tls, credentials, insecure_skip_tls_verify } = context;
    wanted.push({
      source_key,
      input: ClusterCreate.parse({ name, api_server_url, tls }),
      patch: () => ({}),
      ...(credentials ? { credentials } : {}),
      ...(insecure_skip_tls_verify ? { remark: 'the file does not verify its certificate; here it is verified' } : {}),
    });
  }
  return { wanted, unusable };
}
