/**
 * The API servers and Prometheus servers of a fleet, as far as a health check asks them, behind one HTTPS port: a cluster is
 * told by the first part of the path. Connections stay open as long as the client keeps them, and no hint tells how long, as
 * servers written in Go do. Environment: `REPORT`, the file that gets a {@link DoublesReport} at the end.
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createCertificateAuthority } from '../../fleet/certificates.ts';
import { announce } from './announce.ts';

export interface DoublesReport {
  /** By cluster, the times at which its API server was asked whether it is ready; Unix milliseconds. */
  readonly asked: Record<string, number[]>;
  /** Times of TLS handshakes; Unix milliseconds. */
  readonly handshakes: number[];
  /** Requests that no server of a fleet expects from a health check. */
  readonly unexpected: string[];
}

const report = process.env['REPORT'];
if (report === undefined) throw new Error('REPORT is not set.');
const authority = createCertificateAuthority('Bench CA', new Date());
const { certificatePem: cert, privateKeyPem: key } = authority.issue('fleet', ['127.0.0.1']);
const seen: DoublesReport = { asked: {}, handshakes: [], unexpected: [] };
const VERSION = JSON.stringify({ major: '1', minor: '33', gitVersion: 'v1.33.2', platform: 'linux/amd64' });

const server = createServer({ cert, key, keepAliveTimeout: 0 }, (request, response) => {
  const [, cluster = '', ...rest] = (request.url ?? '').split('/');
  const path = rest.join('/');
  if (path === 'readyz') {
    (seen.asked[cluster] ??= []).push(Date.now());
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end('ok');
  } else if (path === 'version') {
    response.writeHead(200, { 'content-type': 'application/json' }).end(VERSION);
  } else if (path === '-/ready') {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end('Prometheus Server is Ready.\n');
  } else {
    seen.unexpected.push(path);
    response.writeHead(404).end();
  }
});
server.on('secureConnection', () => seen.handshakes.push(Date.now()));
server.listen({ port: 0, host: '127.0.0.1', backlog: 2_048 });
await once(server, 'listening');
const { port } = server.address() as AddressInfo; // proof: it listens on TCP
announce({ url: `https://127.0.0.1:${port}`, ca: authority.certificatePem }, async () => {
  writeFileSync(report, JSON.stringify(seen));
  server.closeAllConnections();
  server.close();
});
