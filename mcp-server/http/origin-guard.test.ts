import { describe, expect, it } from 'vitest';
import { createOriginGuard } from './origin-guard.ts';

const loopback = createOriginGuard({
  host: '127.0.0.1',
  allowedHosts: [],
  allowedOrigins: ['https://console.example.com/'],
});
const open = createOriginGuard({ host: '0.0.0.0', allowedHosts: ['aiops.example.com'], allowedOrigins: [] });

describe('the origin guard', () => {
  it.each(['127.0.0.1:8080', 'localhost:8080', '[::1]:8080', 'localhost'])('answers to %s on loopback', (host) => {
    expect(() => loopback.check({ host })).not.toThrow();
  });

  it.each([undefined, '', 'evil.example.com', '127.0.0.1.evil.example.com', 'aiops.example.com'])(
    'refuses Host %j on loopback (DNS rebinding)',
    (host) => {
      expect(() => loopback.check(host === undefined ? {} : { host })).toThrow(/Host/);
    },
  );

  it('answers to the configured host and to this machine elsewhere', () => {
    expect(() => open.check({ host: 'aiops.example.com' })).not.toThrow();
    expect(() => open.check({ host: 'localhost:8080' })).not.toThrow();
    expect(() => open.check({ host: 'other.example.com' })).toThrow(/Host/);
  });

  it('allows pages of its own origin and of configured ones, no others', () => {
    expect(() => loopback.check({ host: 'localhost:8080', origin: 'http://localhost:8080' })).not.toThrow();
    expect(() => loopback.check({ host: 'localhost:8080', origin: 'https://console.example.com' })).not.toThrow();
    for (const origin of ['http://localhost:9999', 'https://evil.example.com', 'null', 'not a url']) {
      expect(() => loopback.check({ host: 'localhost:8080', origin })).toThrow(/Origin/);
    }
  });
});
