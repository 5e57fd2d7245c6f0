import type { Cluster, EndpointKind } from '../model/cluster.ts';
import { AppError, type ErrorCode } from '../model/errors.ts';
import { redactText } from '../platform/redact.ts';
import type { CallLimits, SpokeTarget } from '../spokes/transport.ts';
import type { Spokes } from '../spokes/spokes.ts';
import type { ProbeResult } from './health-score.ts';

/** Asks one endpoint of a cluster whether it is well. */
export interface HealthProbe {
  /**
   * Never rejects for what an endpoint does or does not do; that is the result. Rejects when the signal aborts, and with
   * STORE_UNAVAILABLE when the cluster's credentials cannot be had.
   */
  probe(cluster: Cluster, kind: EndpointKind, limits: { signal: AbortSignal; timeoutMs: number }): Promise<ProbeResult>;
}

/** Our own database, or a defect of ours. */
const OURS: ReadonlySet<ErrorCode> = new Set(['STORE_UNAVAILABLE', 'INTERNAL_ERROR']);

/**
 * Probes over the spokes' own clients: `/readyz` of the API server (and `/version` while that is not known), `/-/ready`,
 * `/ready` or a cheap query of the others.
 */
export function createSpokeProbe(spokes: Spokes): HealthProbe {
  return {
    probe: async (cluster, kind, limits) => {
      try {
        const target = await spokes.target(cluster, kind);
        if (!target) return { ok: false, error: 'has no URL' };
        return await retryingReset(() => ask(spokes, cluster, target, kind, limits));
      } catch (error) {
        limits.signal.throwIfAborted();
        // Without its credentials a cluster was not asked at all: that is a check to repeat, not a cluster that is down.
        if (error instanceof AppError && !OURS.has(error.code))
          return { ok: false, error: redactText(error.message.replace(/\.$/, '')) };
        throw error;
      }
    },
  };
}

/**
 * Asks once more when the connection was closed before an answer came. A kept connection may have been given up on the other
 * side in the very moment that we use it again, and a cluster is not OFFLINE for that.
 */
async function retryingReset(run: () => Promise<ProbeResult>): Promise<ProbeResult> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof AppError && error.code === 'CLUSTER_UNREACHABLE' && error.details['reason'] === 'RESET')
      return run();
    throw error;
  }
}

async function ask(
  spokes: Spokes,
  cluster: Cluster,
  target: SpokeTarget,
  kind: EndpointKind,
  limits: CallLimits,
): Promise<ProbeResult> {
  if (kind === 'API') return askApiServer(spokes, cluster, target, limits);
  const clients = {
    PROMETHEUS: spokes.prometheus,
    ALERTMANAGER: spokes.alertmanager,
    TEMPO: spokes.tempo,
    LOKI: spokes.loki,
    GLOBAL_METRICS: spokes.prometheus,
  };
  await clients[kind].ready(target, limits);
  return { ok: true };
}

async function askApiServer(
  spokes: Spokes,
  cluster: Cluster,
  target: SpokeTarget,
  limits: CallLimits,
): Promise<ProbeResult> {
  if (cluster.platform_version !== null) {
    await spokes.kubernetes.readyz(target, limits);
    return { ok: true };
  }
  // Side by side, so that both fit into the one timeout. Being ready is what counts: a server that is ready and does not
  // tell this caller its version is well.
  const [ready, version] = await Promise.allSettled([
    spokes.kubernetes.readyz(target, limits),
    spokes.kubernetes.version(target, limits),
  ]);
  if (ready.status === 'rejected') throw ready.reason;
  return version.status === 'fulfilled' ? { ok: true, version: version.value.gitVersion } : { ok: true };
}
