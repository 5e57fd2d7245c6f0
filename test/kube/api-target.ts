import { readFile } from 'node:fs/promises';
import type { KubeCommandInput } from '../../evals/fleet/kube-api/control.ts';
import { startKubeDouble } from '../../evals/fleet/kube-api/double.ts';
import { clusterObjects } from '../../evals/fleet/kube-api/objects/cluster-objects.ts';
import { DEMO_CLUSTERS } from '../../evals/fleet/specs.ts';
import { createWorld } from '../../evals/fleet/world.ts';
import { systemClock } from '../../backend/platform/clock.ts';
import { createLogger } from '../../backend/platform/logger.ts';
import { createMetrics } from '../../backend/platform/metrics.ts';
import { type UsableContext, isUsable, parseKubeconfig } from '../../backend/registry/kubeconfig.ts';
import { createAddressPolicy } from '../../backend/spokes/address-policy.ts';
import { createKubernetesClient, type KubernetesClient } from '../../backend/spokes/kubernetes.ts';
import { createTransport, type SpokeAuth, type SpokeTarget, type Transport } from '../../backend/spokes/transport.ts';

/** The API server that the contract suite is held against, and what it may do there. */
export interface ApiTarget {
  readonly target: SpokeTarget;
  readonly client: KubernetesClient;
  readonly transport: Transport;
  /** Undefined at a real cluster. */
  readonly double: { control(command: KubeCommandInput): void } | undefined;
  /** Where secrets may be written; undefined = nowhere. */
  readonly writableNamespace: string | undefined;
  /** A container to run `true`, `false` and `echo` in; undefined = none. */
  readonly container: { readonly namespace: string; readonly pod: string; readonly container: string } | undefined;
  stop(): Promise<void>;
}

const TOKEN = 'administrator-token-of-the-double';

/**
 * The double, or with AIOPS_TEST_KUBECONFIG the current context of that file. There nothing is written or run unless
 * AIOPS_TEST_NAMESPACE names a namespace for secrets and AIOPS_TEST_CONTAINER a `namespace/pod/container` for commands.
 */
export async function startApiTarget(): Promise<ApiTarget> {
  const file = process.env['AIOPS_TEST_KUBECONFIG'];
  return file === undefined || file === '' ? doubled() : real(file);
}

export function newTransport(): Transport {
  return createTransport({
    policy: createAddressPolicy({ allow: ['0.0.0.0/0', '::/0'], deny: [] }),
    clock: systemClock,
    logger: createLogger({ level: 'silent' }),
    metrics: createMetrics(),
    version: '0.0.0-test',
  });
}

async function doubled(): Promise<ApiTarget> {
  const spec = DEMO_CLUSTERS.find(({ name }) => name === 'prod-us-1');
  if (!spec) throw new Error('the demo has no prod-us-1');
  const epoch = Math.floor(Date.now() / 1000);
  const { inventory } = createWorld(spec, { seed: 'kube', epoch, incidentDelaySeconds: 3600 });
  const double = await startKubeDouble({
    token: TOKEN,
    gitVersion: spec.kubernetesVersion,
    features: spec.features,
    bookmarkMs: 100,
    objects: () => clusterObjects(inventory, epoch, Date.now() / 1000),
  });
  const transport = newTransport();
  const pod = inventory.pods[0];
  if (!pod) throw new Error('the double has no pod');
  return {
    target: {
      clusterId: 'double',
      kind: 'API',
      url: double.url,
      tls: { ca: double.caPem, insecure_skip_verify: false },
      auth: { type: 'BEARER', token: TOKEN },
    },
    client: createKubernetesClient(transport),
    transport,
    double,
    writableNamespace: 'default',
    container: { namespace: pod.namespace, pod: pod.name, container: pod.container },
    stop: async () => {
      await transport.close();
      await double.stop();
    },
  };
}

async function real(file: string): Promise<ApiTarget> {
  const contexts = parseKubeconfig(await readFile(file, 'utf8')).filter(isUsable);
  const context = contexts.find(({ current }) => current) ?? contexts[0];
  if (!context) throw new Error(`${file} has no context`);
  const transport = newTransport();
  const [namespace, pod, container] = (process.env['AIOPS_TEST_CONTAINER'] ?? '').split('/');
  const auth = authOf(context.credentials);
  return {
    target: {
      clusterId: context.context,
      kind: 'API',
      url: context.api_server_url,
      tls: { ...context.tls, insecure_skip_verify: context.insecure_skip_tls_verify },
      ...(auth && { auth }),
    },
    client: createKubernetesClient(transport),
    transport,
    double: undefined,
    writableNamespace: process.env['AIOPS_TEST_NAMESPACE'],
    container: namespace && pod && container ? { namespace, pod, container } : undefined,
    stop: () => transport.close(),
  };
}

function authOf(credentials: UsableContext['credentials']): SpokeAuth | undefined {
  switch (credentials?.auth_type) {
    case 'SERVICE_ACCOUNT':
      return credentials.api_token === undefined ? undefined : { type: 'BEARER', token: credentials.api_token };
    case 'MTLS':
      return { type: 'MTLS', certificate: credentials.client_certificate, key: credentials.client_key };
    case 'BASIC':
      return { type: 'BASIC', username: credentials.username, password: credentials.password };
    case 'KUBECONFIG':
    case 'OIDC':
    case 'NONE':
    case undefined:
      return undefined;
  }
}
