import type { ChatMessage, ChatStreamEvent, ToolCall, ToolResult } from '../../backend/model/chat.ts';

/** One call of a tool within an answer; `result` is missing while it runs. */
export interface ToolRun {
  readonly call: ToolCall;
  readonly result: ToolResult | undefined;
}

export interface TurnError {
  readonly code: string;
  readonly message: string;
  readonly traceId: string | undefined;
}

/** A question of a person. */
export interface Question {
  readonly role: 'USER';
  readonly key: string;
  readonly text: string;
}

/** STOPPED: the person stopped it. INCOMPLETE: it ended early for a reason of the server. FAILED: see `error`. */
export type AnswerStatus = 'STREAMING' | 'COMPLETE' | 'INCOMPLETE' | 'STOPPED' | 'FAILED';

export interface Answer {
  readonly role: 'ASSISTANT';
  readonly key: string;
  readonly text: string;
  readonly tools: readonly ToolRun[];
  readonly model: string | undefined;
  readonly offline: boolean;
  readonly status: AnswerStatus;
  readonly error: TurnError | undefined;
  /** Why the text began anew, when the model behind it was replaced while it wrote. */
  readonly note: string | undefined;
  readonly latencyMs: number | undefined;
  /** Id of the last event applied, so that a repeat is not applied twice. */
  readonly lastEvent: number;
}

export type Turn = Question | Answer;

/** Our own code for a stream that ended before its answer did. */
export const STREAM_LOST = 'STREAM_LOST';
export const OFFLINE_MODEL = 'offline-analyst';

export function newAnswer(key: string): Answer {
  return {
    role: 'ASSISTANT',
    key,
    text: '',
    tools: [],
    model: undefined,
    offline: false,
    status: 'STREAMING',
    error: undefined,
    note: undefined,
    latencyMs: undefined,
    lastEvent: 0,
  };
}

/** The answer after one more event of its stream. An event that was applied before changes nothing. */
export function applyStreamEvent(answer: Answer, event: ChatStreamEvent): Answer {
  if (event.id <= answer.lastEvent) return answer;
  const next = { ...answer, lastEvent: event.id };
  switch (event.type) {
    case 'message_start':
      return { ...next, model: event.model, offline: event.offline };
    case 'tool_use':
      return { ...next, tools: [...answer.tools, { call: event.tool_call, result: undefined }] };
    case 'tool_result':
      return {
        ...next,
        tools: answer.tools.map((run) =>
          run.call.id === event.tool_result.tool_call_id ? { ...run, result: event.tool_result } : run,
        ),
      };
    case 'content_delta':
      return { ...next, text: answer.text + event.text };
    case 'content_reset':
      return { ...next, text: '', note: event.reason };
    case 'message_complete':
      return { ...fromMessage(event.message), key: answer.key, note: answer.note, lastEvent: event.id };
    case 'error':
      return {
        ...next,
        status: 'FAILED',
        error: { code: event.code, message: event.message, traceId: event.trace_id },
      };
    default:
      return unknownEvent(event, next);
  }
}

/** A newer server may send types that this page does not know; they are passed over, the rest is still shown. */
function unknownEvent(_event: never, next: Answer): Answer {
  return next;
}

function fromMessage(message: ChatMessage): Answer {
  const results = new Map(message.tool_results.map((result) => [result.tool_call_id, result]));
  return {
    ...newAnswer(message.id),
    text: message.content,
    tools: message.tool_calls.map((call) => ({ call, result: results.get(call.id) })),
    model: message.model ?? undefined,
    offline: message.model === OFFLINE_MODEL,
    status: message.complete ? 'COMPLETE' : 'INCOMPLETE',
    latencyMs: message.latency_ms ?? undefined,
  };
}

/** Stored messages as turns. Roles other than USER and ASSISTANT are the agent's own bookkeeping and not part of the talk. */
export function turnsOf(messages: readonly ChatMessage[]): Turn[] {
  return messages.flatMap((message): Turn[] => {
    if (message.role === 'USER') return [{ role: 'USER', key: message.id, text: message.content }];
    return message.role === 'ASSISTANT' ? [fromMessage(message)] : [];
  });
}

const KNOWN_TYPES: ReadonlySet<string> = new Set([
  'message_start',
  'tool_use',
  'tool_result',
  'content_delta',
  'content_reset',
  'message_complete',
  'error',
] satisfies ChatStreamEvent['type'][]);

/** Undefined for an event of a type that this page does not know, or that is not JSON. */
export function parseStreamEvent(data: string): ChatStreamEvent | undefined {
  let event: unknown;
  try {
    event = JSON.parse(data);
  } catch {
    return undefined;
  }
  if (typeof event !== 'object' || event === null || !('type' in event) || typeof event.type !== 'string')
    return undefined;
  // proof: the server writes each event of a known type from the schema that ChatStreamEvent is inferred from
  return KNOWN_TYPES.has(event.type) ? (event as ChatStreamEvent) : undefined;
}

/** Complete sentences or lines at the start of `text` after `from`, for a screen reader; '' while none is complete. */
export function completeSentences(text: string, from: number): string {
  const rest = text.slice(from);
  const ends = [...rest.matchAll(/[.!?:](?=\s)|\n/g)];
  const last = ends.at(-1);
  return last === undefined ? '' : rest.slice(0, last.index + 1);
}
