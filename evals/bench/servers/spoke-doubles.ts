/**
 * Many small servers in one process that speak as much of the Prometheus API as a range query needs. Each answers a fixed,
 * gzipped body after its own delay, so that a measurement sees waiting and decoding and no PromQL engine.
 * Environment: `SPOKES`, `SLOWEST_MS`, `SERIES`, and `START`, `END`, `STEP` in Unix seconds.
 */
import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { RANGE_QUERY, rangeBody } from '../range-body.ts';
import { announce } from './announce.ts';

const count = setting('SPOKES');
const slowestMs = setting('SLOWEST_MS');
const series = setting('SERIES');
const grid = { start: setting('START'), end: setting('END'), step: setting('STEP') };
const servers: Server[] = [];
const spokes: { name: string; url: string; delay_ms: number }[] = [];

for (let index = 0; index < count; index += 1) {
  const name = `spoke-${String(index + 1).padStart(3, '0')}`;
  // Most clusters are near and a few are far: delays grow with the fourth power of the rank, and the last is the slowest.
  const delay_ms = Math.round(5 + (slowestMs - 5) * ((index + 1) / count) ** 4);
  const server = spoke(gzipSync(rangeBody(name, series, grid)), delay_ms).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // proof: it listens on TCP
  servers.push(server);
  spokes.push({ name, url: `http://127.0.0.1:${port}`, delay_ms });
}
announce({ spokes }, async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

function spoke(body: Buffer, delayMs: number): Server {
  return createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://spoke');
    if (pathname !== '/api/v1/query_range' || searchParams.get('query') !== RANGE_QUERY) {
      response.writeHead(404).end();
      return;
    }
    setTimeout(() => {
      response
        .writeHead(200, {
          'content-type': 'application/json',
          'content-encoding': 'gzip',
          'content-length': body.length,
        })
        .end(body);
    }, delayMs);
  });
}

function setting(name: string): number {
  const value = Number(process.env[name]);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${name} is not a whole number above zero.`);
}
