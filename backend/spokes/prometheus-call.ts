import { LRUCache } from 'lru-cache';
import type { Clock } from '../platform/clock.ts';
import { type Warned, readEnvelope } from './prometheus-envelope.ts';
import { spokeError } from './spoke-error.ts';
import type { CallLimits, SpokeResponse, SpokeTarget, Transport } from './transport.ts';

/** One call of `/api/v1`; `getOnly` for paths that know no POST. Throws as {@link PrometheusClient} says. */
export type PrometheusCall = (
  target: SpokeTarget,
  path: string,
  params: URLSearchParams,
  limits: CallLimits,
  getOnly?: boolean,
) => Promise<Warned<unknown>>;

/** What a server, or the proxy in front of it, has shown of the ways to ask it. */
interface Manners {
  /** Parameters of this many characters or more go by POST first. */
  readonly postFrom: number;
  /** The status with which it refused POST where GET was answered. */
  readonly postRefused?: number;
}

/** Proxies commonly cut at 8 KiB of request line. */
const POST_FROM = 4000;
/** What was learned is tried again after this long: a role is granted, a proxy reconfigured. */
const LEARNED_MS = 600_000;
const MAX_LEARNED = 10_000;

/**
 * Asks by GET where it fits, because an RBAC proxy turns POST into the verb `create`, which a reader may lack (wire.md 1.7),
 * and by POST where the query is long. Each server's refusals of one or the other way are learned for ten minutes.
 */
export function createPrometheusCall(transport: Transport, clock: Clock): PrometheusCall {
  const learned = new LRUCache<string, Manners>({
    max: MAX_LEARNED,
    ttl: LEARNED_MS,
    perf: { now: () => clock.monotonicMs() },
    ttlResolution: 0,
  });

  return async (target, path, params, limits, getOnly = false) => {
    const key = `${target.clusterId} ${target.url}`;
    const manners = () => learned.get(key) ?? { postFrom: POST_FROM };
    const learn = (fact: Partial<Manners>) => learned.set(key, { ...manners(), ...fact });
    const length = params.toString().length;
    const request = { path: `/api/v1${path}`, ...limits };
    const get = () => transport.request(target, { ...request, query: params });
    const post = () => transport.request(target, { ...request, method: 'POST', form: params });

    const { postFrom, postRefused } = manners();
    const postFirst = !getOnly && length >= postFrom && postRefused === undefined;
    const first = await (postFirst ? post() : get());
    if (postFirst) {
      if (!refusesMethod(first)) return readEnvelope(first);
      const second = await get();
      if (tooLong(second)) throw noWay(length, first.status, second.status);
      // Forbidden both ways is a matter of the account, not of the method.
      if (second.status !== 401 && second.status !== 403) learn({ postRefused: first.status });
      return readEnvelope(second);
    }
    if (getOnly || !tooLong(first)) return readEnvelope(first);
    if (postRefused !== undefined) throw noWay(length, postRefused, first.status);
    learn({ postFrom: Math.min(postFrom, length) });
    const second = await post();
    if (refusesMethod(second)) throw noWay(length, second.status, first.status);
    return readEnvelope(second);
  };
}

/** 403: the proxy's role lacks `create`. 405 and 501: there is no POST. */
function refusesMethod({ status }: SpokeResponse): boolean {
  return status === 403 || status === 405 || status === 501;
}

/** 414 is about the line, 431 about all headers, of which servers count the line as a part. */
function tooLong({ status }: SpokeResponse): boolean {
  return status === 414 || status === 431;
}

function noWay(length: number, post: number, get: number): Error {
  return spokeError(
    `Prometheus takes this query neither by POST (${post}) nor, for its ${length} characters, by GET (${get}).`,
    { reason: 'QUERY_TOO_LONG', status: get },
    'Shorten the query, or let the account create prometheuses/api: an RBAC proxy takes POST for that.',
  );
}
