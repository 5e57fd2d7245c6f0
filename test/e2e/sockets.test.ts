import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type ServerProcess, eventually, rest, startServerProcess } from '../support/server-process.ts';

const servers: ServerProcess[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function start(settings: NodeJS.ProcessEnv = {}): Promise<ServerProcess> {
  const server = await startServerProcess(settings);
  servers.push(server);
  return server;
}

/** Milliseconds from SIGTERM to exit. */
async function stopTime(server: ServerProcess): Promise<number> {
  const started = performance.now();
  server.child.kill('SIGTERM');
  await once(server.child, 'exit');
  return performance.now() - started;
}

describe('connections that misbehave', () => {
  it('do not keep the server from stopping: upgrades refused to half-open clients, and a peer that never answers', async () => {
    const server = await start({ AIOPS_AUTH_MODE: 'token' });
    const { hostname, port, host } = new URL(server.url);
    const upgrade = (token: string) =>
      `GET /ws HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    const sockets = ['wrong', 'wrong', server.localToken].map((token) => {
      const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
      socket.on('error', () => undefined).write(upgrade(token));
      return socket;
    });
    const [, , silent] = sockets;
    await eventually('the upgrade', async () => silent?.bytesRead !== undefined && silent.bytesRead > 100, 5_000);
    expect(await stopTime(server)).toBeLessThan(6_000);
    for (const socket of sockets) socket.destroy();
  });
});

describe('a client that resumes', () => {
  it('gets everything it missed, in order and once, however much that is, with a second subscription in between', async () => {
    const server = await start();
    const made = 60;
    for (let i = 0; i < made; i += 1) {
      // Two events each: a session has no event of its own, its first message and the answer have.
      const session = await rest(server.url, 'POST', '/api/v1/chat/sessions', { body: {} });
      await rest(server.url, 'POST', `/api/v1/chat/sessions/${String(session.body['id'])}/messages`, {
        body: { content: 'help' },
      });
    }
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`);
    const sequences: number[] = [];
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { type: string; event?: { sequence: number } };
      if (message.type === 'event') sequences.push(message.event?.sequence ?? 0);
    });
    await once(socket, 'open');
    socket.send('{"type":"subscribe","last_sequence":0}');
    socket.send(`{"type":"subscribe","last_sequence":${2 * made}}`);
    await eventually('all events', async () => new Set(sequences).size >= 2 * made);
    const first = sequences.filter((sequence, i) => sequences.indexOf(sequence) === i);
    expect(first).toEqual(first.toSorted((a, b) => a - b));
    expect(first).toHaveLength(2 * made);
    socket.close();
  });
});
