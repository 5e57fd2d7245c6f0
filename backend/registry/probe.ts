import type { Cluster, EndpointKind } from '../model/cluster.ts';
import { AppError } from '../model/errors.ts';
import { redactText } from '../platform/redact.ts';
import type { CallLimits, SpokeTarget } from '../spokes/transport.ts';
import type { Spokes } from '../spokes/spokes.ts';
import type { ProbeResult } from './health-score.ts';

/** Asks one endpoint of a cluster whether it is well. */
export interface HealthProbe {
  /** Never rejects for what an endpoint does or does not do; that is the result. Rejects when the signal aborts. */
  probe(cluster: Cluster, kind: EndpointKind, limits: { signal: AbortSignal; timeoutMs: number }): Promise<ProbeResult>;
}

/** Probes over the spokes' own clients: `/readyz` and `/version` of the API server, `/-/ready` or a cheap query of the others. */
export function createSpokeProbe(spokes: Spokes): HealthProbe {
  return {
    probe: async (cluster, kind, limits) => {
      try {
        const target = await spokes.target(cluster, kind);
        if (!target) return { ok: false, error: 'has no URL' };
        return await ask(spokes, target, kind, limits);
      } catch (error) {
        limits.signal.throwIfAborted();
        if (error instanceof AppError) return { ok: false, error: redactText(error.message.replace(/\.$/, '')) };
        throw error;
      }
    },
  };
}

async function ask(spokes: Spokes, target: SpokeTarget, kind: EndpointKind, limits: CallLimits): Promise<ProbeResult> {
  if (kind === 'API') return askApiServer(spokes, target, limits);
  const client = kind === 'PROMETHEUS' ? spokes.prometheus : spokes.alertmanager;
  await client.ready(target, limits);
  return { ok: true };
}

async function askApiServer(spokes: Spokes, target: SpokeTarget, limits: CallLimits): Promise<ProbeResult> {
  // Side by side, so that both fit into the one timeout. Being ready is what counts: a server that is ready and does not
  // tell this caller its version is well, and keeps the version that was seen before.
  const [ready, version] = await Promise.allSettled([
    spokes.kubernetes.readyz(target, limits),
    spokes.kubernetes.version(target, limits),
  ]);
  if (ready.status === 'rejected') throw ready.reason;
  return version.status === 'fulfilled' ? { ok: true, version: version.value.gitVersion } : { ok: true };
}
