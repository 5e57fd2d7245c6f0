import { describe, expect, it } from 'vitest';
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { isModern, modernHeaders, readMessages } from './bridge-wire.ts';

const modern = (method: string, params: Record<string, unknown> = {}): JSONRPCMessage => ({
  jsonrpc: '2.0',
  id: 1,
  method,
  params: { ...params, _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } },
});

async function messagesOf(response: Response): Promise<JSONRPCMessage[]> {
  const messages: JSONRPCMessage[] = [];
  await readMessages(response, (message) => messages.push(message));
  return messages;
}

const json = (body: unknown, status = 200) => Response.json(body, { status });

describe('modernHeaders', () => {
  it('repeats version, method and name from the body', () => {
    expect(modernHeaders(modern('tools/call', { name: 'query_metrics' }))).toEqual({
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'query_metrics',
    });
    expect(modernHeaders(modern('resources/read', { uri: 'aiops://clusters' }))).toMatchObject({
      'mcp-name': 'aiops://clusters',
    });
  });

  it('has no name where the method has none', () => {
    expect(modernHeaders(modern('tools/list', { name: 'x' }))).not.toHaveProperty('mcp-name');
  });

  it.each(['löschen', ' padded ', 'line\nbreak', '', '=?base64?eA==?='])(
    'wraps %j, which is not a plain header value',
    (name) => {
      const value = modernHeaders(modern('tools/call', { name }))['mcp-name'] ?? '';
      const encoded = /^=\?base64\?(.*)\?=$/.exec(value)?.[1];
      expect(Buffer.from(encoded ?? '?', 'base64').toString('utf8')).toBe(name);
    },
  );

  it('adds nothing to a message of the 2025 era', () => {
    const message: JSONRPCMessage = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
    expect(isModern(message)).toBe(false);
    expect(modernHeaders(message)).toEqual({});
  });
});

describe('readMessages', () => {
  const result: JSONRPCMessage = { jsonrpc: '2.0', id: 1, result: {} };

  it('reads one message, several, and none', async () => {
    expect(await messagesOf(json(result))).toEqual([result]);
    expect(await messagesOf(json([result, result]))).toEqual([result, result]);
    expect(await messagesOf(new Response(null, { status: 202 }))).toEqual([]);
  });

  it('reads events however the bytes are cut, and skips comments and empty ones', async () => {
    const text = `: hello\n\nid: 1\ndata: \n\nevent: message\ndata: ${JSON.stringify({ ...result, result: { text: 'ü' } })}\n\nevent: other\ndata: {}\n\n`;
    const bytes = new TextEncoder().encode(text);
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const response = new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    expect(await messagesOf(response)).toEqual([{ ...result, result: { text: 'ü' } }]);
  });

  it('hands on a JSON-RPC error whatever the HTTP status', async () => {
    const error = { code: -32601, message: 'Method not found' };
    expect(await messagesOf(json({ jsonrpc: '2.0', id: 1, error }, 404))).toEqual([{ jsonrpc: '2.0', id: 1, error }]);
    expect(await messagesOf(json({ jsonrpc: '2.0', id: null, error }, 400))).toEqual([{ jsonrpc: '2.0', error }]);
  });

  it.each([
    [
      json({ error: { code: 'AUTH_FAILED', message: 'The token is not valid.' } }, 401),
      'HTTP 401: The token is not valid.',
    ],
    [new Response('<html>Bad gateway</html>', { status: 502 }), 'HTTP 502: <html>Bad gateway</html>'],
    [new Response('', { status: 503, statusText: 'Service Unavailable' }), 'HTTP 503: Service Unavailable'],
  ])('throws what a response says that is not JSON-RPC (%#)', async (response, message) => {
    await expect(messagesOf(response)).rejects.toThrow(message);
  });
});
