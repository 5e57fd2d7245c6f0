import { lookup as dnsLookup } from 'node:dns/promises';
import { type LookupFunction, type Socket, connect as connectTcp, isIP } from 'node:net';
import { X509Certificate } from 'node:crypto';
import { type SecureContext, connect as connectTls, createSecureContext, getCACertificates } from 'node:tls';
import type { buildConnector } from 'undici';
import { AppError } from '../model/errors.ts';
import type { ClusterTls } from '../model/cluster.ts';
import type { Clock } from '../platform/clock.ts';
import type { AddressPolicy } from './address-policy.ts';
import { errorCode } from './spoke-error.ts';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Addresses of a host name; rejects with an error whose `code` is such as ENOTFOUND. */
export type Resolver = (host: string) => Promise<readonly ResolvedAddress[]>;

export const systemResolver: Resolver = async (host) => {
  const found = await dnsLookup(host, { all: true });
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
};

export interface ConnectorOptions {
  readonly policy: AddressPolicy;
  readonly resolve: Resolver;
  readonly clock: Clock;
  readonly tls: ClusterTls;
  /** Trusts the system's roots besides `tls.ca`. */
  readonly systemRoots?: boolean;
  /** PEM pair of a client certificate. */
  readonly client?: { readonly certificate: string; readonly key: string };
  /** A connection attempt (TCP and TLS) is given up after this time. */
  readonly connectTimeoutMs: number;
}

export interface Connector {
  readonly connect: buildConnector.connector;
  /** Gives up all attempts that have not led to a connection yet. */
  abandonAttempts(): void;
}

/**
 * Opens the sockets to one cluster; throws CREDENTIALS_INVALID when its CA or client certificate cannot be used. The address policy is applied to the very addresses that the socket then connects to:
 * a name is resolved here, once a connection, and Node never sees an address that the policy refused, so a name server that
 * changes its answer between check and use (DNS rebinding) gains nothing.
 */
export function createConnector(options: ConnectorOptions): Connector {
  const { policy, resolve, clock, tls } = options;
  const attempts = new Set<Socket>();
  const secureContext = createContext(options);

  const lookup: LookupFunction = (host, { all }, callback) => void answerLookup(host, all === true, callback);

  async function answerLookup(host: string, all: boolean, callback: Parameters<LookupFunction>[2]): Promise<void> {
    let addresses: readonly ResolvedAddress[];
    try {
      addresses = await allowedAddresses(host);
    } catch (thrown) {
      callback(thrown instanceof Error ? thrown : new Error('the lookup failed', { cause: thrown }), '');
      return;
    }
    const [first] = addresses;
    if (all) callback(null, [...addresses]);
    else if (first) callback(null, first.address, first.family);
  }

  /** Never empty: throws the policy's refusal, or ENODATA, when nothing is left. */
  async function allowedAddresses(host: string): Promise<ResolvedAddress[]> {
    const found = await resolve(host);
    const allowed: ResolvedAddress[] = [];
    let refusal: unknown = Object.assign(new Error('the name has no address'), { code: 'ENODATA' });
    for (const candidate of found) {
      try {
        policy.check(candidate.address, host);
        allowed.push(candidate);
      } catch (error) {
        refusal = error;
      }
    }
    if (allowed.length === 0) throw refusal;
    return allowed;
  }

  function open(hostname: string, port: number, secure: boolean): Socket {
    const base = { host: hostname, port, lookup };
    if (!secure) return connectTcp(base);
    const serverName = tls.server_name ?? (isIP(hostname) === 0 ? hostname : undefined);
    return connectTls({
      ...base,
      secureContext,
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: !tls.insecure_skip_verify,
      ...(serverName === undefined ? {} : { servername: serverName }),
    });
  }

  const connect: buildConnector.connector = ({ hostname, port, protocol }, callback) => {
    const secure = protocol === 'https:';
    let socket: Socket;
    try {
      if (isIP(hostname) !== 0) policy.check(hostname, hostname);
      socket = open(hostname, Number(port === '' ? (secure ? 443 : 80) : port), secure);
    } catch (error) {
      callback(error instanceof Error ? error : new Error('connecting failed', { cause: error }), null);
      return;
    }
    attempts.add(socket);
    socket.setNoDelay(true).setKeepAlive(true, 60_000);
    const timedOut = Object.assign(new Error('no connection came about in time'), { code: 'ETIMEDOUT' });
    const cancelTimeout = clock.after(options.connectTimeoutMs, () => socket.destroy(timedOut));
    const settle = () => {
      cancelTimeout();
      attempts.delete(socket);
      socket
        .off('error', onError)
        .off('close', onClose)
        .off(secure ? 'secureConnect' : 'connect', onReady);
    };
    const onReady = () => {
      settle();
      callback(null, socket);
    };
    const onError = (error: Error) => {
      settle();
      callback(error, null);
    };
    // A peer that closes during the handshake may end the socket without an error event.
    const onClose = () => onError(Object.assign(new Error('closed while connecting'), { code: 'ECONNRESET' }));
    socket
      .once(secure ? 'secureConnect' : 'connect', onReady)
      .once('error', onError)
      .once('close', onClose);
  };

  return {
    connect,
    abandonAttempts: () => {
      for (const socket of attempts)
        socket.destroy(Object.assign(new Error('nobody waits for this connection any more'), { code: 'ETIMEDOUT' }));
    },
  };
}

/** Throws CREDENTIALS_INVALID. OpenSSL's own message may quote the key material, so only its code is kept. */
function createContext({ tls, client, systemRoots }: ConnectorOptions): SecureContext {
  try {
    // OpenSSL skips over a CA that it cannot read, and every certificate would then look untrusted.
    if (tls.ca !== undefined) void new X509Certificate(tls.ca);
    return createSecureContext({
      ...(tls.ca === undefined ? {} : { ca: systemRoots === true ? [tls.ca, ...getCACertificates()] : tls.ca }),
      ...(client === undefined ? {} : { cert: client.certificate, key: client.key }),
    });
  } catch (thrown) {
    const code = errorCode(thrown);
    throw new AppError(
      'CREDENTIALS_INVALID',
      `The cluster's CA or client certificate cannot be used${code === '' ? '' : ` (${code})`}.`,
      {
        hint: 'tls.ca, client_certificate and client_key must be PEM, and the key must belong to the certificate.',
      },
    );
  }
}
