import { createHash } from 'node:crypto';
import { type AddressInfo, type Server, createServer } from 'node:net';
import { afterAll, afterEach, expect, it } from 'vitest';
import { createKubernetesClient } from './kubernetes.ts';
import { loopbackTransport, targetAt } from './test-transport.ts';

const transport = loopbackTransport();
const client = createKubernetesClient(transport);
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
afterAll(() => transport.close());

/** A binary frame of a server (RFC 6455 §5.2), below 126 bytes. */
function frame(channel: number, text: string): Buffer {
  const payload = Buffer.concat([Buffer.from([channel]), Buffer.from(text)]);
  return Buffer.concat([Buffer.from([0x82, payload.length]), payload]);
}

/** Accepts one exec and sends the acceptance and every frame in one write, so that they arrive in one packet. */
async function serverInOnePacket(frames: readonly Buffer[]): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', (request) => {
      const key = /sec-websocket-key: (.*)\r\n/i.exec(request.toString('latin1'))?.[1] ?? '';
      // RFC 6455 §4.2.2
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n`;
      socket.write(Buffer.concat([Buffer.from(head, 'latin1'), ...frames]));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  // Proof of the cast: a server that listens on TCP has such an address.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('misses nothing that comes in one packet with the upgrade', async () => {
  const success = JSON.stringify({ metadata: {}, status: 'Success' });
  const url = await serverInOnePacket([frame(1, ''), frame(1, 'all of it'), frame(2, 'warned'), frame(3, success)]);
  const result = await client.exec(targetAt(url, 'API'), {
    namespace: 'gpu',
    pod: 'p',
    command: ['true'],
    timeoutMs: 3_000,
  });
  expect([result.exitCode, result.stdout.toString(), result.stderr.toString()]).toEqual([0, 'all of it', 'warned']);
});
