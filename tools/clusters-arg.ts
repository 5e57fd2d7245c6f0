import { z } from 'zod';

/** The `clusters` argument of every fleet-wide tool: names or ids, or one label selector; left out = every cluster in scope. */
export const ClustersArg = z
  .union([z.array(z.string().min(1).max(500)).min(1).max(1000), z.string().min(1).max(500)])
  .optional()
  .describe('Names or ids, or one label selector such as environment=PRODUCTION. Default: all.');

/** The `cluster` argument of a tool about one cluster. */
export const ClusterArg = z.string().min(1).max(253).describe('Cluster name or id');
