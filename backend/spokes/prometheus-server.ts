import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { AppError } from '../model/errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { PrometheusCall } from './prometheus-call.ts';
import type { CallLimits, SpokeTarget } from './transport.ts';

/** What `buildinfo` tells of a server. UNKNOWN (it tells nothing, as VictoriaMetrics does, or does not answer) promises nothing. */
export interface PrometheusServer {
  readonly flavor: 'PROMETHEUS' | 'THANOS' | 'MIMIR' | 'UNKNOWN';
  /** As the server writes it, such as `2.42.0+ds`. */
  readonly version?: string;
  /** Whether names of any characters are legal (3.0); undefined when that is not known. */
  readonly utf8Names?: boolean;
}

const BuildInfo = z.object({ version: z.string().max(100).optional(), application: z.string().max(100).optional() });

const KNOWN_MS = 3_600_000;
/** A server that told nothing is asked again sooner: it may have been starting. */
const UNKNOWN_MS = 300_000;
const MAX_SERVERS = 10_000;
const UNKNOWN: PrometheusServer = { flavor: 'UNKNOWN' };

export interface PrometheusServers {
  /** What is known already, without asking. */
  known(target: SpokeTarget): PrometheusServer;
  /** Asks once per target and hour. Never rejects but for the caller's abort. */
  probe(target: SpokeTarget, limits: CallLimits): Promise<PrometheusServer>;
}

export function createPrometheusServers(call: PrometheusCall, clock: Clock): PrometheusServers {
  const servers = new LRUCache<string, PrometheusServer>({
    max: MAX_SERVERS,
    perf: { now: () => clock.monotonicMs() },
    ttlResolution: 0,
  });
  const keyOf = (target: SpokeTarget) => `${target.clusterId} ${target.url}`;

  return {
    known: (target) => servers.get(keyOf(target)) ?? UNKNOWN,
    probe: async (target, limits) => {
      const key = keyOf(target);
      const known = servers.get(key);
      if (known) return known;
      const server = await ask(target, limits);
      servers.set(key, server, { ttl: server.flavor === 'UNKNOWN' ? UNKNOWN_MS : KNOWN_MS });
      return server;
    },
  };

  async function ask(target: SpokeTarget, limits: CallLimits): Promise<PrometheusServer> {
    try {
      const { value } = await call(target, '/status/buildinfo', new URLSearchParams(), limits, true);
      return describe(value);
    } catch (error) {
      limits.signal?.throwIfAborted();
      if (error instanceof AppError) return UNKNOWN; // what it cannot tell is not known; the question itself shows a server that is down
      throw error;
    }
  }
}

/** wire.md 1.10. Thanos's own versions begin with 0, Mimir names itself, VictoriaMetrics answers `{}`. */
function describe(data: unknown): PrometheusServer {
  const parsed = BuildInfo.safeParse(data);
  const version = parsed.success ? parsed.data.version : undefined;
  const major = /^v?(\d+)\./.exec(version ?? '')?.[1];
  if (!parsed.success || version === undefined || major === undefined) return UNKNOWN;
  if (/mimir|cortex/i.test(parsed.data.application ?? '')) return { flavor: 'MIMIR', version };
  if (major === '0') return { flavor: 'THANOS', version };
  return { flavor: 'PROMETHEUS', version, utf8Names: Number(major) >= 3 };
}
