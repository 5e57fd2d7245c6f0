import { systemClock } from '../platform/clock.ts';
import { createLogger } from '../platform/logger.ts';
import { createMetrics } from '../platform/metrics.ts';
import { createAddressPolicy } from './address-policy.ts';
import { type SpokeTarget, type Transport, type TransportOptions, createTransport } from './transport.ts';

/** The real transport, allowed to reach loopback, for tests against local servers. */
export function loopbackTransport(over: Partial<TransportOptions> = {}): Transport {
  return createTransport({
    policy: createAddressPolicy({ allow: ['127.0.0.0/8'], deny: [] }),
    clock: systemClock,
    logger: createLogger({ level: 'silent' }),
    metrics: createMetrics(),
    version: '0.0.0-test',
    ...over,
  });
}

export function targetAt(url: string, kind: SpokeTarget['kind'] = 'PROMETHEUS'): SpokeTarget {
  return { clusterId: url, kind, url, tls: { insecure_skip_verify: false } };
}
