import { AppError, quoteForeign } from '../model/errors.ts';

/** Why a spoke could not be reached; machine-readable in `details.reason`. */
export type UnreachableReason =
  | 'DNS'
  | 'REFUSED'
  | 'RESET'
  | 'CONNECT_TIMEOUT'
  | 'NO_ROUTE'
  | 'TLS_EXPIRED'
  | 'TLS_NOT_YET_VALID'
  | 'TLS_UNTRUSTED'
  | 'TLS_NAME'
  | 'TLS_CLIENT_CERTIFICATE'
  | 'TLS'
  | 'OTHER';

interface Explanation {
  readonly reason: UnreachableReason;
  readonly text: string;
  readonly hint?: string;
}

const TRUST_HINT = "Give the issuing CA as the cluster's tls.ca.";
const untrusted: Explanation = {
  reason: 'TLS_UNTRUSTED',
  text: 'its TLS certificate is not signed by a trusted CA',
  hint: TRUST_HINT,
};

const refusedClient: Explanation = {
  reason: 'TLS_CLIENT_CERTIFICATE',
  text: 'it does not accept the client certificate, or wants one',
  hint: 'Set a client certificate that it knows as MTLS credentials of the cluster.',
};

/** TLS alerts that a server sends about the certificate of its client. */
const CLIENT_ALERT = /^ERR_SSL_(?:[\w/]+_)?ALERT_(?:CERTIFICATE_\w+|BAD_CERTIFICATE|UNKNOWN_CA)$/;

/** Codes of Node's net, dns and tls modules and of undici. */
const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  ENOTFOUND: { reason: 'DNS', text: 'the host name does not resolve' },
  EAI_AGAIN: { reason: 'DNS', text: 'the name server does not answer' },
  EAI_FAIL: { reason: 'DNS', text: 'the name server failed' },
  ENODATA: { reason: 'DNS', text: 'the host name has no address' },
  ECONNREFUSED: { reason: 'REFUSED', text: 'the connection was refused' },
  ECONNRESET: { reason: 'RESET', text: 'the connection was closed before an answer came' },
  EPIPE: { reason: 'RESET', text: 'the connection was closed before an answer came' },
  UND_ERR_SOCKET: { reason: 'RESET', text: 'the connection was closed before an answer came' },
  UND_ERR_DESTROYED: { reason: 'OTHER', text: 'the cluster was removed or changed meanwhile' },
  ETIMEDOUT: { reason: 'CONNECT_TIMEOUT', text: 'no connection came about in time' },
  EHOSTUNREACH: { reason: 'NO_ROUTE', text: 'there is no route to the host' },
  ENETUNREACH: { reason: 'NO_ROUTE', text: 'there is no route to the network' },
  CERT_HAS_EXPIRED: {
    reason: 'TLS_EXPIRED',
    text: 'its TLS certificate has expired',
    hint: 'Renew the certificate on the spoke; there is no insecure retry.',
  },
  CERT_NOT_YET_VALID: {
    reason: 'TLS_NOT_YET_VALID',
    text: 'its TLS certificate is not valid yet',
    hint: 'Check the clocks of both sides.',
  },
  CERT_REVOKED: { reason: 'TLS', text: 'its TLS certificate was revoked' },
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  ERR_TLS_CERT_ALTNAME_INVALID: {
    reason: 'TLS_NAME',
    text: 'its TLS certificate is for another host name',
    hint: "Set the cluster's tls.server_name to a name in the certificate.",
  },
};

/** What went wrong before an answer began, as CLUSTER_UNREACHABLE. `where` is host and port, never a whole URL. */
export function unreachable(thrown: unknown, where: string): AppError {
  const code = errorCode(thrown);
  const { reason, text, hint } = EXPLANATIONS[code] ?? fallback(code);
  return new AppError('CLUSTER_UNREACHABLE', `${where} could not be reached: ${text}.`, {
    details: { reason, host: where },
    cause: thrown,
    ...(hint === undefined ? {} : { hint }),
  });
}

function fallback(code: string): Explanation {
  if (CLIENT_ALERT.test(code)) return refusedClient;
  if (/^(?:ERR_SSL|ERR_TLS|EPROTO|CERT_|ERR_OSSL)/.test(code))
    return { reason: 'TLS', text: `the TLS handshake failed (${code})` };
  return { reason: 'OTHER', text: code === '' ? 'the connection failed' : `the connection failed (${code})` };
}

/** The `code` of a network error; of the first one when several addresses were tried. */
export function errorCode(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.errors.length > 0) return errorCode(thrown.errors[0]);
  if (thrown === null || typeof thrown !== 'object' || !('code' in thrown)) return '';
  return typeof thrown.code === 'string' ? thrown.code : '';
}

/** A spoke that answered, but not with what its API promises. */
export function spokeError(message: string, details: Record<string, unknown> = {}, hint?: string): AppError {
  return new AppError('SPOKE_ERROR', message, { details, ...(hint === undefined ? {} : { hint }) });
}

/** By lower-case name. */
type ResponseHeaders = Readonly<Record<string, string>>;

/**
 * How long the spoke asks to be left alone, in seconds (RFC 9110 §10.2.3). A date is read against the spoke's own `Date`, so
 * that it means the same whatever its clock says; without one it says nothing.
 */
function retryAfter(headers: ResponseHeaders): { retry_after_s?: number } {
  const { 'retry-after': wanted = '', date = '' } = headers;
  if (/^\d{1,6}$/.test(wanted)) return { retry_after_s: Number(wanted) };
  const waitMs = Date.parse(wanted) - Date.parse(date);
  return Number.isNaN(waitMs) ? {} : { retry_after_s: Math.max(0, waitMs / 1000) };
}

/**
 * The error of an HTTP status that means the same at every spoke, or undefined. 401 and 403 are told apart: the first is
 * cured by a new token, the second by RBAC on the spoke.
 */
export function statusError(
  service: string,
  status: number,
  body: Buffer,
  headers: ResponseHeaders = {},
): AppError | undefined {
  const said = body.length === 0 ? '' : `: ${quoteForeign(foreignText(body), 200)}`;
  if (status === 401) {
    return spokeError(
      `${service} does not accept the credentials (401)${said}.`,
      { reason: 'UNAUTHORIZED', status },
      'Set new credentials for the cluster.',
    );
  }
  if (status === 403) {
    return spokeError(
      `${service} accepts the credentials but forbids this (403)${said}.`,
      { reason: 'FORBIDDEN', status },
      'Grant the account read access on the spoke.',
    );
  }
  if (status === 429)
    return spokeError(`${service} is asked too often (429)${said}.`, {
      reason: 'RATE_LIMITED',
      status,
      ...retryAfter(headers),
    });
  return undefined;
}

/** Any other status than success, with what the spoke said. */
export function unexpectedStatus(
  service: string,
  status: number,
  body: Buffer,
  headers: ResponseHeaders = {},
): AppError {
  return (
    statusError(service, status, body, headers) ??
    spokeError(`${service} answered with status ${status}: ${quoteForeign(foreignText(body), 200)}.`, {
      reason: 'STATUS',
      status,
      ...retryAfter(headers),
    })
  );
}

/** The start of a body as text; enough of it to quote. */
function foreignText(body: Buffer): string {
  return body.subarray(0, 2000).toString('utf8');
}

/** Parses a JSON body. Throws SPOKE_ERROR that tells a cut body, a login page and other nonsense from JSON. */
export function parseJson(
  service: string,
  response: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: Buffer },
): unknown {
  try {
    return JSON.parse(response.body.toString('utf8'));
  } catch {
    // The parser's own message quotes the body at length; what matters is which kind of wrong it is.
    const type = response.headers['content-type'] ?? 'no content type';
    const html = /html/i.test(type);
    const why = html
      ? 'a web page; a login proxy may stand in front of it'
      : `what is not complete JSON (${quoteForeign(type, 60)}, ${response.body.length} bytes)`;
    throw spokeError(`${service} answered ${response.status} with ${why}.`, {
      reason: html ? 'HTML' : 'INVALID_JSON',
      status: response.status,
    });
  }
}
