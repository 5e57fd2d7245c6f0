import { type ClusterScope, Permission, type Principal, type Role } from '../model/access.ts';
import { AppError } from '../model/errors.ts';
import { type Selectable, matchesSelector, parseSelector } from '../model/selector.ts';

const OPERATOR_LACKS: ReadonlySet<Permission> = new Set([
  'cluster:delete',
  'settings:write',
  'users:read',
  'users:write',
]);
const VIEWER_LACKS: ReadonlySet<Permission> = new Set(['users:read']);

/** The permission matrix of the product contract: admin all 17, operator 13, viewer the 9 reads other than users. */
const GRANTS: Readonly<Record<Role, ReadonlySet<Permission>>> = {
  admin: new Set(Permission.options),
  operator: new Set(Permission.options.filter((p) => !OPERATOR_LACKS.has(p))),
  viewer: new Set(Permission.options.filter((p) => p.endsWith(':read') && !VIEWER_LACKS.has(p))),
};

export function permissionsOf(role: Role): ReadonlySet<Permission> {
  return GRANTS[role];
}

/** Throws PERMISSION_DENIED naming the permission. The only place that decides what a role may do. */
export function requirePermission(principal: Principal, permission: Permission): void {
  if (GRANTS[principal.role].has(permission)) return;
  throw new AppError('PERMISSION_DENIED', `The role ${principal.role} does not hold the permission ${permission}.`, {
    details: { permission, role: principal.role },
    hint: 'Ask an administrator for a token with a role that does.',
  });
}

/** A test for membership in a scope, parsed once. */
export function scopeFilter(scope: ClusterScope): (cluster: Selectable) => boolean {
  const requirements = parseSelector(scope.selector);
  return (cluster) => matchesSelector(cluster, requirements);
}
