import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Test support: an OpenAI-compatible chat-completions server on loopback that replays a script, faults included. It knows
 * nothing; each request gets the next reply.
 */
export interface ScriptedReply {
  /** 200 unless given. With another status `body` is sent as JSON. */
  readonly status?: number;
  readonly body?: unknown;
  /** Objects become `data:` events; text and bytes are written as they are, each in a write of its own. */
  readonly chunks?: readonly (object | string | Uint8Array)[];
  /** `done` sends [DONE] and ends; `end` ends without it; `cut` breaks the connection; `hang` keeps it open. */
  readonly ending?: 'done' | 'end' | 'cut' | 'hang';
}

export interface ScriptedRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: {
    readonly model: string;
    readonly messages: readonly {
      readonly role: string;
      readonly content: string | null;
      readonly tool_call_id?: string;
      readonly tool_calls?: unknown;
    }[];
    readonly tools?: readonly { readonly function: { readonly name: string; readonly parameters: unknown } }[];
  };
}

export interface ScriptedModel {
  readonly baseUrl: string;
  /** In the order they came. */
  readonly requests: readonly ScriptedRequest[];
  /** Resolves when that many requests have come. */
  received(count: number): Promise<void>;
  /** Resolves when a client has broken off that many replies. */
  brokenOff(count: number): Promise<void>;
  close(): Promise<void>;
}

type Script = readonly (ScriptedReply | ((request: ScriptedRequest) => ScriptedReply))[];

export async function startScriptedModel(script: Script): Promise<ScriptedModel> {
  const requests: ScriptedRequest[] = [];
  const waiters: { ready: () => boolean; resolve: () => void }[] = [];
  let broken = 0;
  const check = () => {
    for (const waiter of waiters) if (waiter.ready()) waiter.resolve();
  };
  const until = (ready: () => boolean) =>
    new Promise<void>((resolve) => {
      waiters.push({ ready, resolve });
      check();
    });

  const server = createServer((req, res) => {
    const parts: Buffer[] = [];
    req.on('data', (part: Buffer) => parts.push(part));
    req.on('end', () => {
      // proof: the only client is the provider under test, and the tests assert what it sent
      const request = {
        headers: req.headers,
        body: JSON.parse(Buffer.concat(parts).toString()) as ScriptedRequest['body'],
      };
      const next = script[requests.length];
      requests.push(request);
      const reply = typeof next === 'function' ? next(request) : next;
      res.on('close', () => {
        if (!res.writableFinished && reply?.ending !== 'cut') broken += 1;
        check();
      });
      check();
      play(reply ?? { status: 500, body: { error: { message: 'the script is over' } } }, res);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // proof: listening on TCP
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    requests,
    received: (count) => until(() => requests.length >= count),
    brokenOff: (count) => until(() => broken >= count),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function play(reply: ScriptedReply, res: ServerResponse): void {
  if (reply.status !== undefined && reply.status !== 200) {
    res.writeHead(reply.status, { 'content-type': 'application/json', connection: 'close' });
    res.end(JSON.stringify(reply.body ?? { error: { message: `scripted ${reply.status}` } }));
    return;
  }
  res.writeHead(200, { 'content-type': 'text/event-stream', connection: 'close' });
  res.flushHeaders();
  const chunks = [...(reply.chunks ?? [])];
  const step = () => {
    const chunk = chunks.shift();
    if (chunk === undefined) {
      if (reply.ending === 'cut') res.destroy();
      else if (reply.ending === 'end') res.end();
      else if (reply.ending !== 'hang') res.end('data: [DONE]\n\n');
      return;
    }
    // One write after the other has left, so that each arrives as a piece of its own.
    res.write(
      typeof chunk === 'string' || chunk instanceof Uint8Array ? chunk : `data: ${JSON.stringify(chunk)}\n\n`,
      () => setImmediate(step),
    );
  };
  step();
}

/** A chunk with text. */
export function textChunk(content: string): object {
  return { id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content }, finish_reason: null }] };
}

export function finishChunk(reason: 'stop' | 'tool_calls' | 'length' | 'content_filter'): object {
  return { id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta: {}, finish_reason: reason }] };
}

/** Usage in a chunk of its own with no choices, as `stream_options.include_usage` brings it. */
export function usageChunk(prompt: number, completion: number): object {
  return {
    id: 'c',
    object: 'chat.completion.chunk',
    choices: [],
    usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
  };
}

export function callChunk(fragment: { index?: number; id?: string; name?: string; arguments?: string }): object {
  const { index, id, name, arguments: args } = fragment;
  const call = {
    ...(index === undefined ? {} : { index }),
    ...(id === undefined ? {} : { id, type: 'function' }),
    function: { ...(name === undefined ? {} : { name }), ...(args === undefined ? {} : { arguments: args }) },
  };
  return {
    id: 'c',
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta: { tool_calls: [call] }, finish_reason: null }],
  };
}

/** A whole reply with text. */
export function says(...parts: string[]): ScriptedReply {
  return { chunks: [...parts.map(textChunk), finishChunk('stop'), usageChunk(100, 10)] };
}

/** A whole reply that asks for tools. `args` may be raw text, to be malformed on purpose. */
export function calls(
  ...wanted: readonly { name: string; args?: Record<string, unknown> | string; id?: string }[]
): ScriptedReply {
  const chunks = wanted.map(({ name, args = {}, id }, index) =>
    callChunk({
      index,
      id: id ?? `call_${name}_${index}`,
      name,
      arguments: typeof args === 'string' ? args : JSON.stringify(args),
    }),
  );
  return { chunks: [...chunks, finishChunk('tool_calls'), usageChunk(100, 10)] };
}
