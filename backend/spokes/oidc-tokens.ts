import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Cluster } from '../model/cluster.ts';
import { type AppError, quoteForeign } from '../model/errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { OidcCredentials } from './auth.ts';
import { parseJson, spokeError, unexpectedStatus } from './spoke-error.ts';
import type { SpokeResponse, SpokeTarget, Transport } from './transport.ts';

const SERVICE = 'The token issuer';
const TIMEOUT_MS = 10_000;
/** RFC 6749 §4.4.3 only recommends `expires_in`. */
const DEFAULT_LIFE_S = 60;
/** A token is not used in its last seconds, nor in the last tenth of its life, whichever is shorter. */
const MARGIN_S = 30;
/** A token that was refused this soon after it was issued is refused for another reason than age. */
const FRESH_MS = 10_000;

/** What RFC 6749 §5.1 and §5.2 promise, and no more. */
const Issued = z.object({
  access_token: z.string().min(1),
  token_type: z.string(),
  expires_in: z.coerce.number().optional(),
});
const Refused = z.object({ error: z.string(), error_description: z.string().optional() });

interface CachedToken {
  readonly token: string;
  readonly issuedMs: number;
  readonly usableUntilMs: number;
}

/** Tokens by the client-credentials grant of RFC 6749 §4.4, cached until shortly before they end. */
export interface OidcTokens {
  /**
   * `refused` is a token that a spoke has answered with 401: it is not given again, unless it is brand-new. Throws SPOKE_ERROR
   * (reason UNAUTHORIZED when the issuer does not take the client) and the transport's errors.
   */
  token(cluster: Cluster, credentials: OidcCredentials, options?: { readonly refused?: string }): Promise<string>;
  /** Forgets the tokens of a cluster and lets go of the connection to its issuer. */
  forget(clusterId: string): void;
}

export function createOidcTokens(transport: Transport, clock: Clock): OidcTokens {
  const cached = new Map<string, Map<string, Promise<CachedToken>>>();

  return {
    token: async (cluster, credentials, { refused } = {}) => {
      const own = cached.get(cluster.id) ?? new Map<string, Promise<CachedToken>>();
      cached.set(cluster.id, own);
      const key = keyOf(credentials);
      const known = own.get(key);
      const now = clock.monotonicMs();
      if (known && usable(await settled(known), refused, now)) return (await known).token;
      // Whoever came second while the first was asked shares its answer.
      const since = own.get(key);
      if (since && since !== known) return (await since).token;
      const asked = issue(transport, cluster, credentials, now);
      own.clear();
      own.set(key, asked);
      asked.catch(() => {
        if (own.get(key) === asked) own.delete(key);
      });
      return (await asked).token;
    },
    forget: (clusterId) => {
      cached.delete(clusterId);
      transport.forget(issuerId(clusterId));
    },
  };
}

/** A request under way that fails is asked again by whoever waited for it. */
function settled(token: Promise<CachedToken>): Promise<CachedToken | undefined> {
  return token.catch(() => undefined);
}

function usable(known: CachedToken | undefined, refused: string | undefined, nowMs: number): boolean {
  if (!known || nowMs >= known.usableUntilMs) return false;
  return known.token !== refused || nowMs - known.issuedMs < FRESH_MS;
}

async function issue(
  transport: Transport,
  cluster: Cluster,
  credentials: OidcCredentials,
  nowMs: number,
): Promise<CachedToken> {
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (credentials.scope !== undefined) form.set('scope', credentials.scope);
  const target: SpokeTarget = {
    clusterId: issuerId(cluster.id),
    kind: 'API',
    url: credentials.token_url,
    // The issuer may be a public one or stand in the cluster, so both kinds of CA are trusted. A client secret never goes out
    // unverified, whatever the cluster says about itself.
    tls: { insecure_skip_verify: false, ...(cluster.tls.ca === undefined ? {} : { ca: cluster.tls.ca }) },
    systemRoots: true,
    // RFC 6749 §2.3.1: both are form-encoded before they stand in the header.
    auth: {
      type: 'BASIC',
      username: formEncoded(credentials.client_id),
      password: formEncoded(credentials.client_secret),
    },
  };
  const response = await transport.request(target, {
    method: 'POST',
    path: '',
    form,
    timeoutMs: TIMEOUT_MS,
    maxBytes: 262_144,
  });
  const { access_token, token_type, expires_in = DEFAULT_LIFE_S } = read(response);
  if (token_type.toLowerCase() !== 'bearer')
    throw spokeError(`${SERVICE} gives tokens of type ${quoteForeign(token_type, 40)}, not Bearer.`, {
      reason: 'SHAPE',
    });
  const lifeS = Math.max(0, Math.min(expires_in, 86_400));
  return {
    token: access_token,
    issuedMs: nowMs,
    usableUntilMs: nowMs + (lifeS - Math.min(MARGIN_S, lifeS / 10)) * 1000,
  };
}

function read(response: SpokeResponse): z.infer<typeof Issued> {
  if (response.status !== 200) throw refusal(response);
  const issued = Issued.safeParse(parseJson(SERVICE, response));
  if (issued.success) return issued.data;
  throw spokeError(`${SERVICE} answered 200 without a token.`, { reason: 'SHAPE', status: 200 });
}

function refusal(response: SpokeResponse): AppError {
  if (
    (response.status !== 400 && response.status !== 401) ||
    !(response.headers['content-type'] ?? '').includes('json')
  )
    return unexpectedStatus(SERVICE, response.status, response.body);
  const said = Refused.safeParse(parseJson(SERVICE, response));
  if (!said.success) return unexpectedStatus(SERVICE, response.status, response.body);
  const { error, error_description } = said.data;
  const words = quoteForeign(error_description === undefined ? error : `${error}: ${error_description}`, 200);
  return spokeError(
    `${SERVICE} does not give a token (${response.status}): ${words}.`,
    { reason: 'UNAUTHORIZED', status: response.status },
    'Check client_id, client_secret and scope of the credentials.',
  );
}

/** The secret is part of what tells one set of credentials from another, and does not stand in memory as a key. */
function keyOf({ token_url, client_id, client_secret, scope = '' }: OidcCredentials): string {
  return createHash('sha256')
    .update(JSON.stringify([token_url, client_id, client_secret, scope]))
    .digest('base64');
}

function issuerId(clusterId: string): string {
  return `${clusterId}#issuer`;
}

function formEncoded(text: string): string {
  return new URLSearchParams({ v: text }).toString().slice(2);
}
