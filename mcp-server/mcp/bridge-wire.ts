import {
  type JSONRPCMessage,
  type JSONRPCResultResponse,
  PROTOCOL_VERSION_META_KEY,
  parseJSONRPCMessage,
} from '@modelcontextprotocol/server';
import { createParser } from 'eventsource-parser';

/** Which field of the parameters the `Mcp-Name` header repeats (MCP 2026-07-28, transports, standard headers). */
const NAME_FIELD: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
};

/** True for a message that carries the 2026 era's envelope. */
export function isModern(message: JSONRPCMessage): boolean {
  return envelopeVersion(message) !== undefined;
}

function envelopeVersion(message: JSONRPCMessage): string | undefined {
  const meta: Readonly<Record<string, unknown>> = ('params' in message ? message.params?._meta : undefined) ?? {};
  const version = meta[PROTOCOL_VERSION_META_KEY];
  return typeof version === 'string' ? version : undefined;
}

/** Headers that the 2026 era wants to see repeated from the body. */
export function modernHeaders(message: JSONRPCMessage): Record<string, string> {
  const version = envelopeVersion(message);
  if (version === undefined || !('method' in message)) return {};
  const headers: Record<string, string> = { 'mcp-protocol-version': version, 'mcp-method': message.method };
  const field = NAME_FIELD[message.method];
  const params: Readonly<Record<string, unknown>> = message.params ?? {};
  const name = field === undefined ? undefined : params[field];
  if (typeof name === 'string') headers['mcp-name'] = headerValue(name);
  return headers;
}

/** A value that is not plain visible ASCII travels as `=?base64?…?=` (MCP 2026-07-28, transports, value encoding). */
function headerValue(value: string): string {
  const plain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value) && !value.startsWith('=?base64?');
  return plain ? value : `=?base64?${Buffer.from(value, 'utf8').toString('base64')}?=`;
}

/** The protocol version in the result of `initialize`. */
export function versionIn(response: JSONRPCResultResponse): string | undefined {
  const version = response.result['protocolVersion'];
  return typeof version === 'string' ? version : undefined;
}

/** Hands on every JSON-RPC message of a response. Throws what a response says that is not JSON-RPC. */
export async function readMessages(response: Response, onMessage: (message: JSONRPCMessage) => void): Promise<void> {
  const type = response.headers.get('content-type') ?? '';
  if (response.ok && type.startsWith('text/event-stream')) return readEvents(response, onMessage);
  const text = await response.text();
  if (response.ok && text === '') return; // 202 to a notification
  const body = parse(text);
  const messages = (Array.isArray(body) ? body : [body]).filter(isRpc);
  if (messages.length === 0)
    throw new Error(`HTTP ${response.status}: ${messageIn(body) ?? (text.slice(0, 200) || response.statusText)}`);
  for (const message of messages) onMessage(parseJSONRPCMessage(withoutNullId(message)));
}

async function readEvents(response: Response, onMessage: (message: JSONRPCMessage) => void): Promise<void> {
  const parser = createParser({
    onEvent: ({ event, data }) => {
      if (data !== '' && (event === undefined || event === 'message')) onMessage(parseJSONRPCMessage(JSON.parse(data)));
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) parser.feed(decoder.decode(chunk, { stream: true }));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // told as "not JSON-RPC" by the caller
  }
}

function isRpc(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && 'jsonrpc' in value;
}

function withoutNullId({ id, ...rest }: Record<string, unknown>): Record<string, unknown> {
  return id === null || id === undefined ? rest : { ...rest, id };
}

/** The sentence in a REST error body of ours. */
function messageIn(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('error' in body)) return undefined;
  const { error } = body;
  if (typeof error !== 'object' || error === null || !('message' in error)) return undefined;
  return typeof error.message === 'string' ? error.message : undefined;
}
