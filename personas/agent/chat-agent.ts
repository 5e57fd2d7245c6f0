import { randomUUID } from 'node:crypto';
import type { Conversations } from '../../backend/conversations/conversations.ts';
import type { ChatMessage, ChatSession } from '../../backend/model/chat.ts';
import { AppError, asAppError } from '../../backend/model/errors.ts';
import type { Clock } from '../../backend/platform/clock.ts';
import type { Logger } from '../../backend/platform/logger.ts';
import type { Metrics } from '../../backend/platform/metrics.ts';
import { redactText } from '../../backend/platform/redact.ts';
import type { Dispatcher } from '../../tools/dispatch.ts';
import type { ChatAgent, PersonaDirectory } from '../../tools/services.ts';
import { type Provider, ProviderError } from '../llm/provider.ts';
import { createAnswerText } from './answer-text.ts';
import { createEventLog } from './event-log.ts';
import { runLoop } from './loop.ts';
import { historyMessages, joinQuestions, questionText, systemPrompt } from './prompt.ts';
import { createProviderChain } from './provider-chain.ts';
import { createToolRunner } from './tool-runner.ts';

export interface AgentLimits {
  /** Replies of the model in one answer; the last one has to do without tools. */
  readonly maxSteps: number;
  readonly maxParallelTools: number;
  /** Longest wait for one tool call, in milliseconds. */
  readonly toolTimeoutMs: number;
  /** Longest time for one answer, in milliseconds. After three quarters of it no further tools are called. */
  readonly wallClockMs: number;
}

const DEFAULT_LIMITS: AgentLimits = { maxSteps: 20, maxParallelTools: 8, toolTimeoutMs: 60_000, wallClockMs: 240_000 };

export interface ChatAgentOptions {
  readonly dispatcher: Dispatcher;
  readonly conversations: Conversations;
  readonly personas: PersonaDirectory;
  /** In order of preference; the offline analyst stands last. */
  readonly providers: readonly [Provider, ...Provider[]];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: Pick<Metrics, 'llmTokens'>;
  readonly limits?: Partial<AgentLimits>;
  /** Makes UUIDs, for message ids and nonces. */
  readonly newId?: () => string;
}

/** Messages of a session that are read back as history. */
const HISTORY_MESSAGES = 20;

/**
 * The agent behind the chat. Events are emitted from the moment the answer starts; what fails before that (no such session,
 * no such persona) only rejects. A failure after that emits one `error` event, then rejects.
 */
export function createChatAgent(options: ChatAgentOptions): ChatAgent {
  const { dispatcher, conversations, personas, providers, clock, logger, metrics, newId = randomUUID } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };

  const answer: ChatAgent['answer'] = async (request) => {
    const { principal, sessionId, traceId, signal } = request;
    const question = redactText(request.content);
    const session = await conversations.getSession(sessionId, principal.id);
    const persona = personas.get(session.persona_id);
    const past = await conversations.listMessages(session.id, principal.id, { limit: HISTORY_MESSAGES });
    const asked = await conversations.appendMessage(session.id, userMessage(session, question));

    const startedMs = clock.monotonicMs();
    const messageId = newId();
    const events = createEventLog((event) => request.emit(event));
    const chain = createProviderChain(providers);
    const runner = createToolRunner({
      dispatcher,
      persona,
      principal,
      traceId,
      events,
      clock,
      newId,
      maxParallel: limits.maxParallelTools,
      timeoutMs: limits.toolTimeoutMs,
    });
    const text = createAnswerText(events, (id) => runner.knowsEvidence(id));
    const outcome = { complete: true, tokens: null as number | null };

    const store = (): Promise<ChatMessage> =>
      conversations.appendMessage(session.id, {
        id: messageId,
        role: 'ASSISTANT',
        content: text.content,
        persona_id: persona.id,
        tool_calls: [...runner.calls],
        tool_results: [...runner.results],
        model: chain.current.name,
        complete: outcome.complete,
        tokens_used: outcome.tokens,
        latency_ms: Math.round(clock.monotonicMs() - startedMs),
      });
    const fail = (thrown: unknown): AppError => {
      const failure = asFailure(thrown);
      if (failure.code === 'INTERNAL_ERROR') logger.error({ err: failure.cause, trace_id: traceId }, 'answer failed');
      events.emit({ type: 'error', code: failure.code, message: failure.sentence, trace_id: traceId });
      return failure;
    };

    const budget = new AbortController();
    const cancelBudget = clock.after(limits.wallClockMs, () =>
      budget.abort(new Error('the time for one answer is over')),
    );
    const stop = AbortSignal.any([signal, budget.signal]);
    events.emit({
      type: 'message_start',
      message_id: messageId,
      model: chain.current.name,
      offline: chain.current.offline,
    });
    try {
      await runLoop({
        chain,
        runner,
        text,
        signal: stop,
        system: systemPrompt(persona),
        messages: joinQuestions([
          ...historyMessages(past, session.cluster_context),
          { role: 'user', content: questionText(question, asked.created_at, session.cluster_context) },
        ]),
        question,
        clusterContext: session.cluster_context,
        maxSteps: limits.maxSteps,
        mayCallTools: () => clock.monotonicMs() - startedMs < limits.wallClockMs * 0.75,
        onUsage: (model, usage) => {
          outcome.tokens = (outcome.tokens ?? 0) + usage.input + usage.output;
          metrics?.llmTokens.inc({ model, direction: 'input' }, usage.input);
          metrics?.llmTokens.inc({ model, direction: 'output' }, usage.output);
        },
        onFallback: ({ from, to, error }) =>
          logger.warn(
            { from: from.name, to: to.name, kind: error.kind, reason: error.message, trace_id: traceId },
            'model failed; falling back',
          ),
        onIncomplete: () => {
          outcome.complete = false;
        },
      });
    } catch (thrown) {
      outcome.complete = false;
      if (!stop.aborted) {
        const nothingToKeep = text.content === '' && runner.calls.length === 0;
        // The first failure is the one to tell; that its remains could not be kept is only logged.
        if (!nothingToKeep)
          await store().catch((error: unknown) =>
            logger.error({ err: error, trace_id: traceId }, 'partial answer could not be stored'),
          );
        throw fail(thrown);
      }
      text.note(
        signal.aborted
          ? 'Stopped before the answer was complete.'
          : `Stopped after ${limits.wallClockMs / 1000} s, the longest time for one answer.`,
      );
    } finally {
      cancelBudget();
    }
    text.finish(!stop.aborted && runner.results.some((result) => result.status === 'SUCCESS'));
    const message = await store().catch((thrown: unknown) => {
      throw fail(thrown);
    });
    events.emit({ type: 'message_complete', message });
    return message;
  };

  return { answer };
}

function userMessage(session: ChatSession, content: string): Parameters<Conversations['appendMessage']>[1] {
  return {
    role: 'USER',
    content,
    persona_id: session.persona_id,
    tool_calls: [],
    tool_results: [],
    model: null,
    complete: true,
    tokens_used: null,
    latency_ms: null,
  };
}

function asFailure(thrown: unknown): AppError {
  if (!(thrown instanceof ProviderError)) return asAppError(thrown);
  return new AppError('MODEL_NOT_AVAILABLE', thrown.message, {
    hint:
      thrown.kind === 'rejected' ? 'Check the model name, the key and the address in the configuration.' : 'Try again.',
    cause: thrown,
  });
}
