import { z } from 'zod';
import { Cluster } from '../../backend/model/cluster.ts';
import { ClusterArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

export const getCluster = defineTool({
  name: 'get_cluster',
  title: 'Get a cluster',
  description: 'The registration of one cluster, by name or id.',
  toolset: 'clusters',
  permission: 'cluster:read',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  input: z.strictObject({ cluster: ClusterArg }),
  output: Cluster,
  example: { cluster: 'hub-1' },
  rest: [
    { method: 'GET', path: '/clusters/{id}', rename: { id: 'cluster' }, etag: 'resource_version' },
    { method: 'GET', path: '/clusters/by-name/{name}', rename: { name: 'cluster' }, etag: 'resource_version' },
  ],
  summarize: (cluster) => `${cluster.name} is ${cluster.status.state}.`,
  run: (context, input) => context.resolveCluster(input.cluster),
});
