import type { Permission, Role } from '../backend/model/access.ts';
import { useServices } from './services.ts';

/** What this UI offers beyond reading. */
type Wanted = Extract<Permission, 'cluster:write' | 'cluster:delete' | 'alerts:write'>;

const LACKS: Readonly<Record<Role, readonly Wanted[]>> = {
  admin: [],
  operator: ['cluster:delete'],
  viewer: ['cluster:write', 'cluster:delete', 'alerts:write'],
};

/**
 * Why actions that need these permissions would be refused, or undefined when none would be, as far as is known. The server
 * decides; this only says beforehand what it would answer, so that nobody fills in a form for nothing.
 */
export function useDenial(...permissions: Wanted[]): string | undefined {
  const { live } = useServices();
  const role = live.role.value;
  if (role === undefined) return undefined;
  const lacking = permissions.filter((permission) => LACKS[role].includes(permission));
  return lacking.length === 0 ? undefined : `Your role, ${role}, does not hold ${lacking.join(' or ')}.`;
}
