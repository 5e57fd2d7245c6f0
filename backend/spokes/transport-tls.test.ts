import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../model/errors.ts';
import { unreachable } from './spoke-error.ts';
import { type Certificates, type HttpDouble, makeCertificates, startHttp } from './test-servers.ts';
import { loopbackTransport, targetAt } from './test-transport.ts';
import type { SpokeRequest, SpokeTarget } from './transport.ts';

const TLS = { insecure_skip_verify: false };
const get: SpokeRequest = { path: '/x', timeoutMs: 5_000 };
const servers: HttpDouble[] = [];
const transport = loopbackTransport();

async function serve(...args: Parameters<typeof startHttp>): Promise<HttpDouble> {
  const server = await startHttp(...args);
  servers.push(server);
  return server;
}

const at = (url: string, more: Partial<SpokeTarget> = {}): SpokeTarget => ({ ...targetAt(url), ...more });

async function failure(promise: Promise<unknown>): Promise<AppError> {
  const error: unknown = await promise.then(
    () => 'it was answered',
    (thrown: unknown) => thrown,
  );
  if (error instanceof AppError) return error;
  throw new Error('no AppError', { cause: error });
}

afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));
afterAll(() => transport.close());

describe('TLS to a spoke', () => {
  let certificates: Certificates;
  beforeAll(async () => {
    certificates = await makeCertificates();
  });
  const ok: Parameters<typeof startHttp>[0] = (_request, response) => response.end('ok');

  it('accepts a private CA that the cluster names, and refuses it otherwise', async () => {
    const server = await serve(ok, { tls: certificates.server });
    expect((await transport.request(at(server.url, { tls: { ...TLS, ca: certificates.ca } }), get)).status).toBe(200);
    const error = await failure(transport.request(at(server.url), get));
    expect([error.code, error.details['reason']]).toEqual(['CLUSTER_UNREACHABLE', 'TLS_UNTRUSTED']);
  });

  it('gives an expired certificate its own error and never tries again without verification', async () => {
    let hits = 0;
    const server = await serve(
      (_request, response) => {
        hits += 1;
        response.end();
      },
      { tls: certificates.expired },
    );
    const error = await failure(transport.request(at(server.url, { tls: { ...TLS, ca: certificates.ca } }), get));
    expect([error.code, error.details['reason']]).toEqual(['CLUSTER_UNREACHABLE', 'TLS_EXPIRED']);
    expect(error.message).toContain('has expired');
    expect(hits).toBe(0);
  });

  it('checks the host name of the certificate, or the name that the cluster gives for it', async () => {
    const server = await serve(ok, { tls: certificates.server });
    const named = loopbackTransport({ lookup: async () => [{ address: '127.0.0.1', family: 4 }] });
    const tls = { ...TLS, ca: certificates.ca };
    const other = `https://other.test:${server.port}`;
    expect((await named.request(at(`https://spoke.test:${server.port}`, { tls }), get)).status).toBe(200);
    expect((await failure(named.request(at(other, { tls }), get))).details['reason']).toBe('TLS_NAME');
    expect((await named.request(at(other, { tls: { ...tls, server_name: 'spoke.test' } }), get)).status).toBe(200);
    await named.close();
  });

  it('skips verification only for the cluster that says so', async () => {
    const server = await serve(ok, { tls: certificates.expired });
    expect(
      (await transport.request(at(server.url, { clusterId: 'lab', tls: { insecure_skip_verify: true } }), get)).status,
    ).toBe(200);
    expect((await failure(transport.request(at(server.url, { clusterId: 'prod' }), get))).code).toBe(
      'CLUSTER_UNREACHABLE',
    );
  });

  it('shows a client certificate, and notices when the credentials change', async () => {
    const server = await serve(ok, { tls: { ...certificates.server, clientCa: certificates.ca } });
    const tls = { ...TLS, ca: certificates.ca };
    expect((await failure(transport.request(at(server.url, { tls }), get))).code).toBe('CLUSTER_UNREACHABLE');
    const auth = { type: 'MTLS', certificate: certificates.client.cert, key: certificates.client.key } as const;
    expect((await transport.request(at(server.url, { tls, auth }), get)).status).toBe(200);
  });

  it.each([
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED',
    'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
  ])('knows by %s that it is the client certificate that is refused', (code) => {
    const error = unreachable(Object.assign(new Error('alert'), { code }), 'spoke.test:443');
    expect(error.details['reason']).toBe('TLS_CLIENT_CERTIFICATE');
  });

  it('says what is wrong with a CA that is no certificate, without quoting it', async () => {
    const error = await failure(
      transport.request(
        at('https://127.0.0.1:1', {
          tls: { ...TLS, ca: '-----BEGIN CERTIFICATE-----\nca-canary\n-----END CERTIFICATE-----' },
        }),
        get,
      ),
    );
    expect(error.code).toBe('CREDENTIALS_INVALID');
    expect(error.sentence).not.toContain('ca-canary');
  });

  it('tells plain HTTP on a TLS port', async () => {
    const server = await serve(ok);
    const error = await failure(transport.request(at(server.url.replace('http:', 'https:')), get));
    expect([error.code, error.details['reason']]).toEqual(['CLUSTER_UNREACHABLE', 'TLS']);
  });
});
