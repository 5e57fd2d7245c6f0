import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createCertificateAuthority } from './certificates.ts';
import type { ServerCertificate } from './certificates.ts';

const now = new Date();

describe('certificate authority', () => {
  it('makes a root that is an authority and signs itself', () => {
    const root = new X509Certificate(createCertificateAuthority('fleet-ca', now).certificatePem);
    expect(root.ca).toBe(true);
    expect(root.subject).toBe('CN=fleet-ca');
    expect(root.checkIssued(root)).toBe(true);
    expect(root.verify(root.publicKey)).toBe(true);
  });

  it('signs server certificates that name their hosts and cannot sign others', () => {
    const authority = createCertificateAuthority('fleet-ca', now);
    const root = new X509Certificate(authority.certificatePem);
    const leaf = new X509Certificate(authority.issue('hub-1', ['127.0.0.1', 'localhost']).certificatePem);
    expect(leaf.ca).toBe(false);
    expect(leaf.checkIssued(root)).toBe(true);
    expect(leaf.verify(root.publicKey)).toBe(true);
    expect(leaf.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(leaf.checkHost('localhost')).toBe('localhost');
    expect(leaf.checkIP('127.0.0.2')).toBeUndefined();
    expect(leaf.validToDate.getTime()).toBeGreaterThan(now.getTime() + 29 * 86_400_000);
  });

  it('is accepted by node:tls for 127.0.0.1 when its authority is trusted, and refused when another is', async () => {
    const authority = createCertificateAuthority('fleet-ca', now);
    const server = await serve(authority.issue('hub-1', ['127.0.0.1']));
    try {
      expect(await get(server.port, authority.certificatePem)).toBe('hello');
      await expect(get(server.port, createCertificateAuthority('fleet-ca', now).certificatePem)).rejects.toThrow(
        /self-signed|signature|issuer|verify/,
      );
    } finally {
      server.close();
    }
  });

  it('is refused by node:tls for an address that it does not name', async () => {
    const authority = createCertificateAuthority('fleet-ca', now);
    const server = await serve(authority.issue('hub-1', ['hub-1.example']));
    try {
      await expect(get(server.port, authority.certificatePem)).rejects.toThrow(/127\.0\.0\.1/);
    } finally {
      server.close();
    }
  });
});

async function serve(certificate: ServerCertificate): Promise<{ port: number; close(): void }> {
  const server = createServer({ cert: certificate.certificatePem, key: certificate.privateKeyPem }, (_, response) => {
    response.end('hello');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server's address is always this shape.
  const { port } = server.address() as AddressInfo;
  return { port, close: () => server.close() };
}

function get(port: number, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, ca, agent: false }, (response) => {
      let body = '';
      response.on('data', (piece: Buffer) => (body += piece.toString('utf8')));
      response.on('end', () => resolve(body));
    });
    call.on('error', reject);
    call.end();
  });
}
