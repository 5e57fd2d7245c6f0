import { scopeFilter } from '../../backend/access/policy.ts';
import type { Principal } from '../../backend/model/access.ts';
import type { ClusterCreate } from '../../backend/model/cluster.ts';
import { AppError } from '../../backend/model/errors.ts';

/** Throws PERMISSION_DENIED for a new cluster that the caller could not see once it is registered. */
export function requireOwnScope(principal: Principal, input: ClusterCreate): void {
  const inScope = scopeFilter(principal.scope);
  if (inScope({ ...input, region: input.region ?? null, status: { state: 'UNKNOWN' } })) return;
  throw new AppError(
    'PERMISSION_DENIED',
    `Cluster ${input.name} would lie outside your scope (${principal.scope.selector}).`,
    {
      details: { scope: principal.scope.selector },
      hint: 'Register it with labels, environment and type that fit, or ask an administrator.',
    },
  );
}
