import OpenAI from 'openai';
import { fetch as undiciFetch } from 'undici';
import { z } from 'zod';
import { quoteForeign } from '../../backend/model/errors.ts';
import type { Clock } from '../../backend/platform/clock.ts';
import { redactText } from '../../backend/platform/redact.ts';
import { CallFragment, createCallAssembler } from './call-assembler.ts';
import {
  type ModelMessage,
  type Provider,
  ProviderError,
  type ProviderEvent,
  type ProviderRequest,
  type StopReason,
} from './provider.ts';

export interface OpenAiCompatibleOptions {
  /** Up to and including the version: `http://127.0.0.1:8000/v1`. */
  readonly baseUrl: string;
  readonly model: string;
  /** Sent as bearer token; without it no Authorization header is sent at all. */
  readonly apiKey?: string;
  readonly clock: Clock;
  /** Longest silence, in milliseconds, before the first chunk and between chunks. */
  readonly stallMs?: number;
}

/** A chunk of `chat.completion.chunk`, as far as it is read. Lenient, because local servers leave much of it out. */
const Chunk = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        delta: z
          .looseObject({
            content: z.string().nullish(),
            refusal: z.string().nullish(),
            tool_calls: z.array(CallFragment).nullish(),
          })
          .nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: z.looseObject({ prompt_tokens: z.number().nullish(), completion_tokens: z.number().nullish() }).nullish(),
});

/** The SDK's own timer is a backstop only; the stall timer decides, because it runs on the injected clock. */
const SDK_TIMEOUT_MS = 3_600_000;

/** A model behind an OpenAI-compatible chat-completions endpoint (vLLM, llama.cpp, Ollama, OpenAI). */
export function createOpenAiCompatibleProvider(options: OpenAiCompatibleOptions): Provider {
  const { baseUrl, model, apiKey, clock, stallMs = 60_000 } = options;
  const client = new OpenAI({
    baseURL: baseUrl,
    // The SDK insists on a key; without one its header is taken out again below.
    apiKey: apiKey ?? 'none',
    ...(apiKey === undefined ? { defaultHeaders: { Authorization: null } } : {}),
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: 'off',
    maxRetries: 0,
    timeout: SDK_TIMEOUT_MS,
    // proof: undici's fetch is what the global fetch is made of; only its type declarations are a second copy
    fetch: undiciFetch as unknown as typeof fetch,
    // A redirect would carry the conversation to an address that nobody configured.
    fetchOptions: { redirect: 'error' },
  });

  async function* stream(request: ProviderRequest, signal: AbortSignal): AsyncGenerator<ProviderEvent> {
    signal.throwIfAborted();
    const stalled = new ProviderError('timeout', `The model ${model} sent nothing for ${stallMs / 1000} s.`);
    const controller = new AbortController();
    const onAbort = () => controller.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    let cancelStall = clock.after(stallMs, () => controller.abort(stalled));
    try {
      const chunks = await client.chat.completions.create(body(model, request), { signal: controller.signal });
      const assembler = createCallAssembler();
      let finish: string | undefined;
      let refused = false;
      let usage: { input: number; output: number } | undefined;
      for await (const raw of chunks) {
        cancelStall();
        cancelStall = clock.after(stallMs, () => controller.abort(stalled));
        const chunk = Chunk.parse(raw);
        if (chunk.usage) usage = { input: chunk.usage.prompt_tokens ?? 0, output: chunk.usage.completion_tokens ?? 0 };
        const [choice] = chunk.choices ?? [];
        const text = choice?.delta?.content ?? '';
        if (text !== '') yield { type: 'text', text };
        const refusal = choice?.delta?.refusal ?? '';
        if (refusal !== '') {
          refused = true;
          yield { type: 'text', text: refusal };
        }
        for (const fragment of choice?.delta?.tool_calls ?? []) assembler.add(fragment);
        finish = choice?.finish_reason ?? finish;
      }
      // The SDK ends its iteration quietly when it is aborted.
      controller.signal.throwIfAborted();
      // Some servers omit [DONE], but a stream without a finish reason was cut off, and its calls may be cut off too.
      if (finish === undefined)
        throw new ProviderError('unavailable', `The model ${model} broke off in the middle of its reply.`);
      const calls = assembler.calls();
      if (calls.length > 0) yield { type: 'calls', calls };
      yield { type: 'end', reason: stopReason(finish, refused, calls.length), ...(usage ? { usage } : {}) };
    } catch (thrown) {
      if (controller.signal.aborted) throw controller.signal.reason;
      throw asProviderError(thrown, model);
    } finally {
      cancelStall();
      signal.removeEventListener('abort', onAbort);
      controller.abort();
    }
  }

  return { name: model, offline: false, stream };
}

function stopReason(finish: string, refused: boolean, calls: number): StopReason {
  if (finish === 'length') return 'length';
  if (refused || finish === 'content_filter') return 'refusal';
  return calls > 0 ? 'calls' : 'stop';
}

function body(model: string, request: ProviderRequest): OpenAI.Chat.ChatCompletionCreateParamsStreaming {
  const tools = request.tools.map(({ name, description, parameters }) => ({
    type: 'function' as const,
    function: { name, description, parameters },
  }));
  return {
    model,
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'system', content: request.system }, ...request.messages.map(wireMessage)],
    ...(tools.length > 0 ? { tools } : {}),
  };
}

function wireMessage(message: ModelMessage): OpenAI.Chat.ChatCompletionMessageParam {
  if (message.role === 'user') return { role: 'user', content: message.content };
  if (message.role === 'tool') return { role: 'tool', tool_call_id: message.callId, content: message.content };
  const calls = message.calls.map((call) => ({
    id: call.id,
    type: 'function' as const,
    // Chat templates parse past arguments as JSON; what was not JSON was answered with a parse error already.
    function: { name: call.name, arguments: isJsonObject(call.arguments) ? call.arguments : '{}' },
  }));
  return {
    role: 'assistant',
    content: message.content === '' && calls.length > 0 ? null : message.content,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function asProviderError(thrown: unknown, model: string): ProviderError {
  if (thrown instanceof ProviderError) return thrown;
  if (thrown instanceof OpenAI.APIConnectionTimeoutError)
    return new ProviderError('timeout', `The model ${model} did not answer in time.`, { cause: thrown });
  if (thrown instanceof OpenAI.APIError && thrown.status !== undefined) {
    const status: number = thrown.status;
    const kind = status >= 500 || status === 429 || status === 408 ? 'unavailable' : 'rejected';
    return new ProviderError(
      kind,
      `The model ${model} answered ${status}: ${quoteForeign(redactText(thrown.message))}.`,
      { cause: thrown },
    );
  }
  const words = thrown instanceof Error ? ` (${quoteForeign(redactText(rootCause(thrown).message))})` : '';
  return new ProviderError(
    'unavailable',
    `The model ${model} could not be reached or sent what is not a reply${words}.`,
    { cause: thrown },
  );
}

/** undici says "fetch failed"; what failed is in the cause. */
function rootCause(error: Error): Error {
  let current = error;
  for (let depth = 0; depth < 5 && current.cause instanceof Error; depth += 1) current = current.cause;
  return current;
}
