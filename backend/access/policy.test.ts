import { describe, expect, it } from 'vitest';
import { Permission, WHOLE_FLEET } from '../model/access.ts';
import { permissionsOf, requirePermission } from './policy.ts';

describe('the permission matrix', () => {
  it('gives admin all 17, operator 13 and viewer the 9 reads other than users', () => {
    expect(permissionsOf('admin').size).toBe(17);
    expect(permissionsOf('operator').size).toBe(13);
    expect([...permissionsOf('viewer')].sort()).toEqual(
      Permission.options.filter((p) => p.endsWith(':read') && p !== 'users:read').sort(),
    );
    expect(permissionsOf('viewer').size).toBe(9);
  });

  it('names the missing permission', () => {
    const viewer = { id: 'v', display_name: 'V', role: 'viewer', scope: WHOLE_FLEET } as const;
    expect(() => requirePermission(viewer, 'cluster:write')).toThrow(/cluster:write/);
    expect(() => requirePermission(viewer, 'cluster:read')).not.toThrow();
  });
});
