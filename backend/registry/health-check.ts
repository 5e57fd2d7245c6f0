import type { Cluster, EndpointKind } from '../model/cluster.ts';
import type { Clock } from '../platform/clock.ts';
import { CHECK_RULES, type HealthCheck, kindsToCheck, type ProbeResult } from './health-score.ts';
import type { HealthProbe } from './probe.ts';

/** A probe is given up this long after its own timeout should have ended it. */
const PROBE_GRACE_MS = 250;

export interface HealthChecker {
  /** Asks every endpoint of a cluster at once, within the timeout of its type. Rejects only after `abort`. */
  check(cluster: Cluster): Promise<HealthCheck>;
  /** Breaks off the checks under way; none starts after it. */
  abort(): void;
}

export function createHealthChecker({ probe, clock }: { probe: HealthProbe; clock: Clock }): HealthChecker {
  const probing = new Set<AbortController>();
  let stopped = false;

  /** The probe keeps its own timeout; one that does not is given up, so that no endpoint can hold up a cluster's check. */
  async function probeOne(cluster: Cluster, kind: EndpointKind, timeoutMs: number): Promise<ProbeResult> {
    const patience = new AbortController();
    const late = Promise.withResolvers<ProbeResult>();
    const cancel = clock.after(timeoutMs + PROBE_GRACE_MS, () => {
      late.resolve({ ok: false, error: `no answer within ${timeoutMs / 1000} s` });
      patience.abort();
    });
    probing.add(patience);
    try {
      const asked = probe.probe(cluster, kind, { signal: patience.signal, timeoutMs });
      return await Promise.race([asked, late.promise]);
    } finally {
      cancel();
      probing.delete(patience);
    }
  }

  return {
    check: async (cluster) => {
      if (stopped) throw new Error('the health monitor has stopped');
      const timeoutMs = CHECK_RULES[cluster.cluster_type].timeoutSeconds * 1000;
      const kinds = kindsToCheck(cluster);
      const answers = await Promise.all(kinds.map((kind) => probeOne(cluster, kind, timeoutMs)));
      const results = new Map(kinds.map((kind, index) => [kind, answers[index]]));
      const part = (kind: EndpointKind) => results.get(kind);
      const [prometheus, alertmanager] = [part('PROMETHEUS') ?? part('GLOBAL_METRICS'), part('ALERTMANAGER')];
      const [tempo, loki] = [part('TEMPO'), part('LOKI')];
      return {
        at: clock.now(),
        api: part('API') ?? { ok: false, error: 'was not asked' },
        ...(prometheus ? { prometheus } : {}),
        ...(alertmanager ? { alertmanager } : {}),
        ...(tempo ? { tempo } : {}),
        ...(loki ? { loki } : {}),
      };
    },
    abort: () => {
      stopped = true;
      for (const patience of probing) patience.abort(new Error('the health monitor stops'));
    },
  };
}
