import { describe, expect, it } from 'vitest';
import { cluster } from '../test-support.ts';
import { credentialsFact, inMaintenance } from './cluster-facts.ts';

const NOW = Date.parse('2026-03-01T10:00:00.000Z');
const of = (has_credentials: boolean, credentials_expire_at: string | null) =>
  credentialsFact(cluster(1, 'a', {}, { has_credentials, credentials_expire_at }), NOW).word;

describe('facts of a cluster', () => {
  it('warn of credentials seven days before they end', () => {
    expect(of(false, null)).toBe('None stored');
    expect(of(true, null)).toBe('Stored');
    expect(of(true, '2026-03-09T10:00:00.000Z')).toBe('Stored');
    expect(of(true, '2026-03-08T09:59:59.000Z')).toBe('Expire soon');
    expect(of(true, '2026-03-01T10:00:00.000Z')).toBe('Expired');
  });

  it('end maintenance with its time', () => {
    const until = (maintenance_until: string | null) => inMaintenance({ maintenance_until }, NOW);
    expect([until(null), until('2026-03-01T09:59:59.000Z'), until('2026-03-01T10:00:01.000Z')]).toEqual([
      false,
      false,
      true,
    ]);
  });
});
