import { afterEach, describe, expect, it } from 'vitest';
import { ManualClock, systemClock } from '../../backend/platform/clock.ts';
import { createOpenAiCompatibleProvider } from './openai-compatible.ts';
import type { ModelMessage, ProviderEvent, ProviderRequest } from './provider.ts';
import {
  type ScriptedModel,
  type ScriptedReply,
  callChunk,
  finishChunk,
  says,
  startScriptedModel,
  textChunk,
  usageChunk,
} from './scripted-server.ts';

const REQUEST: ProviderRequest = {
  system: 'be brief',
  messages: [{ role: 'user', content: 'hi' }],
  tools: [],
  question: 'hi',
  clusterContext: [],
};
let model: ScriptedModel | undefined;

afterEach(async () => {
  await model?.close();
  model = undefined;
});

async function ask(
  reply: ScriptedReply,
  options: { request?: ProviderRequest; signal?: AbortSignal; apiKey?: string } = {},
) {
  const started = await startScriptedModel([reply]);
  model = started;
  const { apiKey } = options;
  const provider = createOpenAiCompatibleProvider({
    baseUrl: started.baseUrl,
    model: 'm',
    clock: systemClock,
    ...(apiKey === undefined ? {} : { apiKey }),
  });
  const events: ProviderEvent[] = [];
  for await (const event of provider.stream(options.request ?? REQUEST, options.signal ?? new AbortController().signal))
    events.push(event);
  return {
    events,
    text: events.map((event) => (event.type === 'text' ? event.text : '')).join(''),
    sent: started.requests[0],
  };
}

describe('the OpenAI-compatible provider', () => {
  it('streams text and reports usage that comes in a chunk without choices', async () => {
    const { events } = await ask(says('Hel', 'lo'));
    expect(events).toEqual([
      { type: 'text', text: 'Hel' },
      { type: 'text', text: 'lo' },
      { type: 'end', reason: 'stop', usage: { input: 100, output: 10 } },
    ]);
  });

  it('assembles fragmented and interleaved tool calls', async () => {
    const { events } = await ask({
      chunks: [
        callChunk({ index: 0, id: 'a', name: 'list_alerts', arguments: '{"st' }),
        callChunk({ index: 1, id: 'b', name: 'query_metrics', arguments: '{"que' }),
        callChunk({ index: 0, arguments: 'ate":"FIRING"}' }),
        callChunk({ index: 1, arguments: 'ry":"up"}' }),
        finishChunk('tool_calls'),
      ],
    });
    expect(events).toContainEqual({
      type: 'calls',
      calls: [
        { id: 'a', name: 'list_alerts', arguments: '{"state":"FIRING"}' },
        { id: 'b', name: 'query_metrics', arguments: '{"query":"up"}' },
      ],
    });
    expect(events.at(-1)).toEqual({ type: 'end', reason: 'calls' });
  });

  it('assembles calls without index, without id, and with every index 0', async () => {
    const withoutIndex = await ask({
      chunks: [
        callChunk({ id: 'a', name: 'x', arguments: '{"p":' }),
        callChunk({ arguments: '1}' }),
        callChunk({ id: 'b', name: 'y', arguments: '{}' }),
        finishChunk('tool_calls'),
      ],
    });
    expect(withoutIndex.events[0]).toEqual({
      type: 'calls',
      calls: [
        { id: 'a', name: 'x', arguments: '{"p":1}' },
        { id: 'b', name: 'y', arguments: '{}' },
      ],
    });
    await model?.close();
    const bare = await ask({
      chunks: [
        callChunk({ name: 'x', arguments: '{}' }),
        callChunk({ name: 'y', arguments: '{}' }),
        finishChunk('stop'),
      ],
    });
    expect(bare.events).toEqual([
      {
        type: 'calls',
        calls: [
          { id: 'call_1', name: 'x', arguments: '{}' },
          { id: 'call_2', name: 'y', arguments: '{}' },
        ],
      },
      { type: 'end', reason: 'calls' },
    ]);
    await model?.close();
    const zeroes = await ask({
      chunks: [
        callChunk({ index: 0, id: 'a', name: 'x', arguments: '{}' }),
        callChunk({ index: 0, id: 'b', name: 'y', arguments: '{' }),
        callChunk({ index: 0, arguments: '}' }),
        finishChunk('tool_calls'),
      ],
    });
    expect(zeroes.events[0]).toEqual({
      type: 'calls',
      calls: [
        { id: 'a', name: 'x', arguments: '{}' },
        { id: 'b', name: 'y', arguments: '{}' },
      ],
    });
  });

  it('reads CRLF line ends, UTF-8 split across pieces, and a stream without [DONE]', async () => {
    const line = Buffer.from(`data: ${JSON.stringify(textChunk('schön €5'))}\r\n\r\n`);
    const cut = line.indexOf(Buffer.from('ö')) + 1;
    const { text, events } = await ask({
      chunks: [line.subarray(0, cut), line.subarray(cut), `data: ${JSON.stringify(finishChunk('stop'))}\r\n\r\n`],
      ending: 'end',
    });
    expect(text).toBe('schön €5');
    expect(events.at(-1)).toEqual({ type: 'end', reason: 'stop' });
  });

  it('takes a stream that ends without a finish reason, or is cut, for a failure', async () => {
    await expect(ask({ chunks: [textChunk('half')], ending: 'end' })).rejects.toMatchObject({ kind: 'unavailable' });
    await model?.close();
    await expect(ask({ chunks: [textChunk('half')], ending: 'cut' })).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('tells a length stop and a refusal apart from a normal end', async () => {
    expect((await ask({ chunks: [textChunk('a'), finishChunk('length')] })).events.at(-1)).toEqual({
      type: 'end',
      reason: 'length',
    });
    await model?.close();
    expect((await ask({ chunks: [finishChunk('content_filter')] })).events.at(-1)).toEqual({
      type: 'end',
      reason: 'refusal',
    });
  });

  it.each([
    [500, 'unavailable'],
    [503, 'unavailable'],
    [429, 'unavailable'],
    [400, 'rejected'],
    [401, 'rejected'],
    [404, 'rejected'],
  ])('reports status %i as %s and names it', async (status, kind) => {
    await expect(ask({ status })).rejects.toMatchObject({
      kind,
      message: expect.stringContaining(String(status)) as unknown,
    });
  });

  it('does not follow a redirect', async () => {
    await expect(ask({ status: 307 })).rejects.toMatchObject({ name: 'ProviderError' });
  });

  it('reports a refused connection', async () => {
    const gone = await startScriptedModel([]);
    await gone.close();
    const provider = createOpenAiCompatibleProvider({ baseUrl: gone.baseUrl, model: 'm', clock: systemClock });
    await expect(
      provider.stream(REQUEST, new AbortController().signal)[Symbol.asyncIterator]().next(),
    ).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('ECONNREFUSED') as unknown,
    });
  });

  it.each([
    ['before the first chunk', []],
    ['in the middle', [textChunk('a')]],
  ])('times out a stream that stalls %s and closes the connection', async (_, chunks) => {
    const clock = new ManualClock();
    const stalled = await startScriptedModel([{ chunks, ending: 'hang' }]);
    model = stalled;
    const provider = createOpenAiCompatibleProvider({ baseUrl: stalled.baseUrl, model: 'm', clock, stallMs: 5_000 });
    const seen: ProviderEvent[] = [];
    const run = (async () => {
      for await (const event of provider.stream(REQUEST, new AbortController().signal)) seen.push(event);
    })();
    const failed = expect(run).rejects.toMatchObject({ kind: 'timeout' });
    await stalled.received(1);
    while (seen.length < chunks.length) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(5_000);
    await failed;
    await stalled.brokenOff(1);
  });

  it('aborts with the reason of the caller and closes the connection', async () => {
    const stalled = await startScriptedModel([{ chunks: [textChunk('a')], ending: 'hang' }]);
    model = stalled;
    const provider = createOpenAiCompatibleProvider({ baseUrl: stalled.baseUrl, model: 'm', clock: systemClock });
    const controller = new AbortController();
    const iterator = provider.stream(REQUEST, controller.signal)[Symbol.asyncIterator]();
    await iterator.next();
    const reason = new Error('gone');
    controller.abort(reason);
    await expect(iterator.next()).rejects.toBe(reason);
    await stalled.brokenOff(1);
  });

  it('sends the key as bearer token, and no Authorization header when there is none', async () => {
    expect((await ask(says('x'), { apiKey: 'k-1' })).sent?.headers['authorization']).toBe('Bearer k-1');
    await model?.close();
    expect((await ask(says('x'))).sent?.headers).not.toHaveProperty('authorization');
  });

  it('sends tools, earlier calls and their results in the shape of the protocol, malformed arguments as an empty object', async () => {
    const messages: ModelMessage[] = [
      { role: 'user', content: 'q' },
      { role: 'assistant', content: '', calls: [{ id: 'a', name: 't', arguments: '{oops' }] },
      { role: 'tool', callId: 'a', content: 'r' },
    ];
    const tools = [{ name: 't', description: 'd', parameters: { type: 'object' } }];
    const { sent } = await ask(says('x'), { request: { ...REQUEST, messages, tools } });
    expect(sent?.body).toMatchObject({
      model: 'm',
      stream: true,
      tools: [{ type: 'function', function: { name: 't', description: 'd', parameters: { type: 'object' } } }],
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: 'q' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'a', type: 'function', function: { name: 't', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'a', content: 'r' },
      ],
    });
  });

  it('ignores usage that is not there and chunks it cannot use', async () => {
    const { text, events } = await ask({
      chunks: [
        ': keep-alive\n\n',
        { choices: [{ delta: { reasoning_content: 'hm' } }] },
        textChunk('ok'),
        finishChunk('stop'),
        usageChunk(1, 2),
      ],
    });
    expect(text).toBe('ok');
    expect(events.at(-1)).toEqual({ type: 'end', reason: 'stop', usage: { input: 1, output: 2 } });
  });
});
