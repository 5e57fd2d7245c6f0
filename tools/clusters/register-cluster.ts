import { Cluster, ClusterCreate } from '../../backend/model/cluster.ts';
import { quoteForeign } from '../../backend/model/errors.ts';
import { defineTool } from '../define.ts';
import { requireOwnScope } from './own-scope.ts';

export const registerCluster = defineTool({
  name: 'register_cluster',
  title: 'Register a cluster',
  description:
    'Adds a cluster to the fleet; its health is checked at once. Credentials are never given here: an operator sets them with the CLI or REST.',
  toolset: 'clusters',
  permission: 'cluster:write',
  exposure: 'model',
  annotations: { readOnly: false, destructive: false, idempotent: false, openWorld: true },
  input: ClusterCreate,
  output: Cluster,
  example: { name: 'example-1', api_server_url: 'https://127.0.0.1:6443' },
  rest: [{ method: 'POST', path: '/clusters', status: 201, bodyLimit: 128 * 1024, etag: 'resource_version' }],
  confirm: (input) =>
    `Register cluster ${quoteForeign(input.name, 80)} at ${quoteForeign(input.api_server_url, 200)}? The server will start to connect to it.`,
  summarize: (cluster) => `Registered ${cluster.name} (${cluster.id}); a running server checks its health at once.`,
  run: async ({ principal, services }, input) => {
    requireOwnScope(principal, input);
    return services.registry.create(input);
  },
});
