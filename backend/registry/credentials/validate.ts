import type { Cluster, CredentialsValidation, EndpointKind } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import type { UsableCredentials } from '../../spokes/auth.ts';
import type { Spokes } from '../../spokes/spokes.ts';
import type { SpokeTarget } from '../../spokes/transport.ts';
import { expiryOf } from './expiry.ts';

type EndpointResult = CredentialsValidation['endpoints'][number];
type Status = EndpointResult['status'];

/** Product contract §1. */
const TIMEOUT_MS = 10_000;
const KINDS: readonly EndpointKind[] = ['API', 'PROMETHEUS', 'ALERTMANAGER', 'TEMPO', 'LOKI', 'GLOBAL_METRICS'];
/** What the registry reads of every cluster; a reader that may not do this sees next to nothing. */
const LEAST_RIGHTS = [
  { verb: 'list', resource: 'namespaces', version: 'v1' },
  { verb: 'list', resource: 'nodes', version: 'v1' },
] as const;

/** How one endpoint took the credentials. */
type Verdict = Pick<EndpointResult, 'status' | 'detail'>;

/**
 * Connects to every endpoint of the cluster with these credentials and asks what takes them: nothing that also answers a
 * stranger. All at once, each within 10 s. The order is that of the kinds; endpoints that the cluster does not have are left out.
 */
export async function validateCredentials(parts: {
  readonly spokes: Spokes;
  readonly clock: Clock;
  readonly cluster: Cluster;
  readonly credentials: UsableCredentials;
  readonly signal: AbortSignal;
}): Promise<CredentialsValidation> {
  const { spokes, clock, cluster, credentials, signal } = parts;
  const expiresAt = expiryOf(credentials);
  const expired = expiresAt !== undefined && expiresAt <= clock.now();
  const used = new Set<string>();

  async function one(kind: EndpointKind): Promise<EndpointResult | undefined> {
    const startedMs = clock.monotonicMs();
    const verdict = await attempt(kind, startedMs + TIMEOUT_MS);
    if (!verdict) return undefined;
    // What ended is refused because it ended; what is refused although it has not is refused for itself.
    const status = verdict.status === 'invalid' && expired ? 'expired' : verdict.status;
    const latency_ms = Math.round((clock.monotonicMs() - startedMs) * 10) / 10;
    return { endpoint: kind, status, detail: verdict.detail, latency_ms };
  }

  async function attempt(kind: EndpointKind, endMs: number): Promise<Verdict | undefined> {
    try {
      const target = await spokes.candidate(cluster, kind, credentials);
      if (!target) return undefined;
      used.add(target.clusterId);
      return await ask(spokes, target, credentials, () => ({
        timeoutMs: Math.max(1, endMs - clock.monotonicMs()),
        signal,
      }));
    } catch (thrown) {
      signal.throwIfAborted();
      return verdictOf(thrown);
    }
  }

  try {
    const endpoints = (await Promise.all(KINDS.map(one))).filter((result) => result !== undefined);
    return {
      valid: endpoints.every(({ status }) => status === 'valid'),
      endpoints,
      checked_at: clock.now().toISOString(),
    };
  } finally {
    for (const clusterId of used) spokes.forget(clusterId);
  }
}

type Limits = () => { readonly timeoutMs: number; readonly signal: AbortSignal };

async function ask(
  spokes: Spokes,
  target: SpokeTarget,
  credentials: UsableCredentials,
  limits: Limits,
): Promise<Verdict> {
  const withheld = target.auth === undefined && credentials.auth_type !== 'NONE';
  const hub = target.kind === 'GLOBAL_METRICS';
  const why = hub ? 'a hub gets global_metrics_token only' : 'because the URL is not https';
  const detail = withheld ? `no credentials were sent, ${why}` : null;
  switch (target.kind) {
    case 'API':
      return askApiServer(spokes, target, credentials, limits);
    case 'PROMETHEUS':
    case 'GLOBAL_METRICS':
      // Not /-/ready, which many proxies let anyone ask.
      await spokes.prometheus.instant(target, { ...limits(), query: '1', time: 0 });
      return { status: 'valid', detail };
    case 'ALERTMANAGER':
      await spokes.alertmanager.alerts(target, limits());
      return { status: 'valid', detail };
    case 'TEMPO':
      await spokes.tempo.authorized(target, limits());
      return { status: 'valid', detail };
    case 'LOKI':
      await spokes.loki.authorized(target, limits());
      return { status: 'valid', detail };
    default:
      return target.kind satisfies never;
  }
}

/** `/readyz` and `/version` answer anyone; who one is and what one may do does not. */
async function askApiServer(
  spokes: Spokes,
  target: SpokeTarget,
  credentials: UsableCredentials,
  limits: Limits,
): Promise<Verdict> {
  if (credentials.auth_type === 'NONE') {
    await spokes.kubernetes.readyz(target, limits());
    return { status: 'valid', detail: null };
  }
  const name = await whoAmI(spokes, target, limits);
  if (name === 'system:anonymous')
    return { status: 'invalid', detail: 'the API server does not see the credentials: the caller is system:anonymous' };
  const reviews = await Promise.all(
    LEAST_RIGHTS.map((right) => spokes.kubernetes.selfSubjectAccessReview(target, right, limits())),
  );
  const missing = LEAST_RIGHTS.filter((_, at) => reviews[at]?.allowed !== true).map(
    ({ verb, resource }) => `${verb} ${resource}`,
  );
  return missing.length === 0
    ? { status: 'valid', detail: null }
    : { status: 'insufficient_permissions', detail: `${name ?? 'the account'} may not ${missing.join(', ')}` };
}

/** Undefined on a Kubernetes before 1.28, which cannot be asked. */
async function whoAmI(spokes: Spokes, target: SpokeTarget, limits: Limits): Promise<string | undefined> {
  try {
    return (await spokes.kubernetes.selfSubjectReview(target, limits())).username;
  } catch (error) {
    if (error instanceof AppError && error.details['reason'] === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/** A login proxy in front shows itself by a redirect or a web page: it does not take the credentials either. */
const REFUSALS: Readonly<Record<string, Status>> = {
  UNAUTHORIZED: 'invalid',
  REDIRECT: 'invalid',
  HTML: 'invalid',
  TLS_CLIENT_CERTIFICATE: 'invalid',
  FORBIDDEN: 'insufficient_permissions',
};

function verdictOf(thrown: unknown): Verdict {
  if (!(thrown instanceof AppError) || thrown.code === 'INTERNAL_ERROR') throw thrown;
  const detail = thrown.message.replace(/\.$/, '');
  if (thrown.code === 'CREDENTIALS_INVALID') return { status: 'invalid', detail };
  return { status: REFUSALS[String(thrown.details['reason'])] ?? 'unreachable', detail };
}
