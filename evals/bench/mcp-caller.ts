import { Pool } from 'undici';
import { z } from 'zod';

export type Era = '2025' | '2026';

export interface McpCaller {
  /** One `tools/call`, answered and checked. Rejects when the answer is anything but the tool's result. */
  call(): Promise<void>;
  close(): Promise<void>;
}

export interface McpCallerOptions {
  readonly url: string;
  readonly era: Era;
  readonly tool: string;
  /** Text that stands in the right answer. */
  readonly expected: string;
  readonly token?: string | undefined;
  /** Connections, each kept open. */
  readonly connections: number;
}

const VERSION = { '2025': '2025-11-25', '2026': '2026-07-28' } as const;
const ANSWER = z.object({
  result: z.object({ structuredContent: z.record(z.string(), z.unknown()), isError: z.literal(false).optional() }),
});

/**
 * JSON-RPC by hand over kept connections, the same for every server. An SDK client would add its own time to both sides and
 * make the difference between them look smaller than it is.
 */
export async function createMcpCaller({
  url,
  era,
  tool,
  expected,
  token,
  connections,
}: McpCallerOptions): Promise<McpCaller> {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  let id = 0;

  async function post(message: object) {
    const answer = await pool.request({ method: 'POST', path: pathname, headers, body: JSON.stringify(message) });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${url} answered ${answer.statusCode}: ${text.slice(0, 300)}`);
    return { text, headers: answer.headers };
  }

  async function openSession(): Promise<void> {
    const params = { protocolVersion: VERSION['2025'], capabilities: {}, clientInfo: { name: 'bench', version: '1' } };
    const opened = await post({ jsonrpc: '2.0', id: (id += 1), method: 'initialize', params });
    const session = opened.headers['mcp-session-id'];
    if (typeof session !== 'string') throw new Error(`${url} opened no session: ${opened.text.slice(0, 300)}`);
    headers['mcp-session-id'] = session;
    headers['mcp-protocol-version'] = VERSION['2025'];
    await post({ jsonrpc: '2.0', method: 'notifications/initialized' });
  }

  const meta = {
    'io.modelcontextprotocol/protocolVersion': VERSION['2026'],
    'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const params = { name: tool, arguments: {}, ...(era === '2026' ? { _meta: meta } : {}) };

  try {
    if (era === '2025') await openSession();
    else
      Object.assign(headers, { 'mcp-protocol-version': VERSION['2026'], 'mcp-method': 'tools/call', 'mcp-name': tool });
    ANSWER.parse(
      JSON.parse(jsonOf((await post({ jsonrpc: '2.0', id: (id += 1), method: 'tools/call', params })).text)),
    );
  } catch (error) {
    await pool.destroy();
    throw error;
  }

  return {
    call: async () => {
      const { text } = await post({ jsonrpc: '2.0', id: (id += 1), method: 'tools/call', params });
      if (!text.includes(expected)) throw new Error(`${url} answered ${text.slice(0, 300)}`);
    },
    close: () => pool.destroy(),
  };
}

/** The one message of an answer, be it a JSON body or a stream of events. */
function jsonOf(text: string): string {
  return /^data: ?(\{.*\})$/m.exec(text)?.[1] ?? text;
}
