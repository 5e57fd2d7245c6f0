import { type Dispatcher, errors } from 'undici';
import { AppError, quoteForeign } from '../model/errors.ts';
import { errorCode, spokeError, unreachable } from './spoke-error.ts';
import type { SpokeAuth, SpokeRequest, SpokeResponse, SpokeTarget } from './transport.ts';

/* How a request to a spoke is put, and what its failures mean; shared by all ways of the transport. */

/** A shorter password stands in many a text by chance; blacking it out would say what it is. */
const MIN_SCRUBBED = 4;

/**
 * Sends once, and once more when the answer is 401 and the target has other credentials meanwhile. Repeating is safe for
 * writes too: what was answered 401 was not done.
 */
export async function renewingOn401<T extends { readonly status: number }>(
  target: SpokeTarget,
  send: (target: SpokeTarget) => Promise<T>,
): Promise<T> {
  const answer = await send(target);
  if (answer.status !== 401 || !target.renewAuth) return answer;
  const auth = await target.renewAuth();
  return auth ? send({ ...target, auth }) : answer;
}

/** A spoke, or a proxy in front of it, may put what it was sent into its error page. */
export function scrubbed(response: SpokeResponse, auth: SpokeAuth | undefined): SpokeResponse {
  if (!auth || auth.type === 'MTLS' || (response.status >= 200 && response.status < 300)) return response;
  const secrets = auth.type === 'BEARER' ? [auth.token] : [auth.password, basicOf(auth).slice('Basic '.length)];
  const echoed = secrets.filter((secret) => secret.length >= MIN_SCRUBBED && response.body.includes(secret));
  if (echoed.length === 0) return response;
  const text = echoed.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), response.body.toString('utf8'));
  return { ...response, body: Buffer.from(text, 'utf8') };
}

function basicOf(auth: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`;
}

export function resolveUrl(
  target: SpokeTarget,
  request: Pick<SpokeRequest, 'path' | 'query'>,
): { url: URL; where: string } {
  const url = new URL(target.url);
  if (request.path !== '') url.pathname = url.pathname.replace(/\/$/, '') + request.path;
  for (const [name, value] of request.query ?? []) url.searchParams.append(name, value);
  return { url, where: `${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}` };
}

export function headersOf(
  target: SpokeTarget,
  request: Pick<SpokeRequest, 'headers' | 'json' | 'form'>,
  version: string,
): Record<string, string> {
  const headers: Record<string, string> = {
    accept: 'application/json, */*;q=0.1',
    'accept-encoding': 'gzip',
    'user-agent': `aiops-nextgen/${version}`,
    ...(request.json === undefined ? {} : { 'content-type': 'application/json' }),
    ...target.headers,
    ...request.headers,
  };
  if (request.form) headers['content-type'] = 'application/x-www-form-urlencoded';
  if (target.auth?.type === 'BEARER') headers['authorization'] = `Bearer ${target.auth.token}`;
  if (target.auth?.type === 'BASIC') headers['authorization'] = basicOf(target.auth);
  return headers;
}

export function firstValues(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) out[name] = first;
  }
  return out;
}

export function redirected(where: string, status: number, location: string | undefined): AppError {
  // Only origin and path are shown: the query of a login redirect may carry state.
  const to =
    location !== undefined && URL.canParse(location, `http://${where}`)
      ? new URL(location, `http://${where}`)
      : undefined;
  const named = to ? ` to ${quoteForeign(to.origin + to.pathname, 200)}` : '';
  return spokeError(
    `${where} answered with a redirect (${status})${named}; redirects are never followed.`,
    { reason: 'REDIRECT', status },
    "Register the URL that serves the API itself, and check the cluster's credentials: login proxies redirect.",
  );
}

export function timedOut(target: SpokeTarget, timeoutMs: number): AppError {
  return new AppError('QUERY_TIMEOUT', `No answer within ${Math.round(timeoutMs) / 1000} s.`, {
    details: { host: new URL(target.url).host, timeout_ms: timeoutMs },
  });
}

export function beforeAnswer(thrown: unknown, where: string): AppError {
  if (thrown instanceof AppError) return thrown;
  const code = errorCode(thrown);
  if (thrown instanceof errors.HTTPParserError)
    return spokeError(`${where} does not speak HTTP.`, { reason: 'NOT_HTTP' });
  if (code === 'UND_ERR_HEADERS_OVERFLOW')
    return spokeError(`${where} sent headers that are too long.`, { reason: 'HEADERS' });
  if (code === 'UND_ERR_INVALID_ARG') {
    return new AppError(
      'CREDENTIALS_INVALID',
      "The cluster's token or password contains characters that cannot stand in a header.",
    );
  }
  return unreachable(thrown, where);
}
