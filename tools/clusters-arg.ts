import { z } from 'zod';
import { isSelector } from '../backend/model/selector.ts';

const MOST = 1000;
const LONGEST = 500;

/**
 * The `clusters` argument of every fleet-wide tool: names or ids, or one label selector; left out = every cluster in scope. Its
 * bounds are checked and not advertised: they would cost every tool two dozen tokens and no model comes near them.
 */
export const ClustersArg = z
  .union([z.array(z.string()), z.string()])
  .refine((clusters) => typeof clusters === 'string' || (clusters.length > 0 && clusters.length <= MOST), {
    error: `give 1 to ${MOST} names or ids, or leave it out for every cluster`,
  })
  .refine((clusters) => [clusters].flat().every((name) => name.length > 0 && name.length <= LONGEST), {
    error: `names, ids and selectors have 1 to ${LONGEST} characters`,
  })
  .optional()
  .describe('Names, ids, or one label selector: environment=PRODUCTION. Default: all.');

/** The `cluster` argument of a tool about one cluster. */
export const ClusterArg = z.string().min(1).max(253).describe('Cluster name or id');

/** Whether the `clusters` argument names clusters, rather than choosing them by label or leaving them all. */
export function areNamed(clusters: readonly string[] | string | undefined): boolean {
  const list = typeof clusters === 'string' ? [clusters] : (clusters ?? []);
  return list.length > 0 && !list.some(isSelector);
}
