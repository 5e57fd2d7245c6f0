import { X509Certificate } from 'node:crypto';
import type { UsableCredentials } from '../../spokes/auth.ts';

/**
 * When the first of the credentials ends: `expires_at` where it was given, else the earliest `exp` of a token that is a JWT and
 * `notAfter` of the client certificate. Undefined when nothing tells.
 */
export function expiryOf(credentials: UsableCredentials): Date | undefined {
  if (credentials.auth_type !== 'NONE' && credentials.expires_at !== undefined) return new Date(credentials.expires_at);
  const ends = secretsOf(credentials).flatMap((end) => end ?? []);
  return ends.length === 0 ? undefined : new Date(Math.min(...ends.map((end) => end.getTime())));
}

function secretsOf(credentials: UsableCredentials): (Date | undefined)[] {
  if (credentials.auth_type === 'BASIC') return [];
  const { prometheus_token, alertmanager_token, loki_token, tempo_token, global_metrics_token } = credentials;
  return [
    ...[prometheus_token, alertmanager_token, loki_token, tempo_token, global_metrics_token].map(jwtExpiry),
    credentials.auth_type === 'SERVICE_ACCOUNT' ? jwtExpiry(credentials.api_token) : undefined,
    credentials.auth_type === 'MTLS' ? new X509Certificate(credentials.client_certificate).validToDate : undefined,
  ];
}

/** `exp` of a token that is a JWT, unverified: whose it is and whether it is genuine is for the spoke to say. */
export function jwtExpiry(token: string | undefined): Date | undefined {
  const payload = /^[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*$/.exec(token ?? '')?.[1];
  if (payload === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    const exp: unknown = claims !== null && typeof claims === 'object' && 'exp' in claims ? claims.exp : undefined;
    // NumericDate of RFC 7519: seconds. Beyond the year 9999 no timestamp of ours reaches.
    return typeof exp === 'number' && exp > 0 && exp < 253_402_300_800 ? new Date(exp * 1000) : undefined;
  } catch {
    return undefined; // three parts with dots, but not a JWT: an opaque token
  }
}
