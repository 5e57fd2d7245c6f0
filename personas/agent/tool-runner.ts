import pLimit from 'p-limit';
import { z } from 'zod';
import type { Principal } from '../../backend/model/access.ts';
import type { ToolCall, ToolResult } from '../../backend/model/chat.ts';
import { AppError, asAppError } from '../../backend/model/errors.ts';
import type { Persona } from '../../backend/model/persona.ts';
import type { Clock } from '../../backend/platform/clock.ts';
import { redact, redactText } from '../../backend/platform/redact.ts';
import type { Dispatcher, ToolAnswer } from '../../tools/dispatch.ts';
import { nearNames } from '../../backend/model/near-names.ts';
import { canonical } from '../llm/canonical.ts';
import type { ModelMessage, OfferedTool, Reading, RequestedCall } from '../llm/provider.ts';
import { orAborted } from '../../backend/platform/abort.ts';
import type { EventLog } from './event-log.ts';
import { wrapToolOutput } from './tool-output.ts';

export interface ToolRunnerOptions {
  readonly dispatcher: Dispatcher;
  readonly persona: Persona;
  readonly principal: Principal;
  readonly traceId: string;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Calls of one batch that run at the same time. */
  readonly maxParallel: number;
  /** Longest wait for one call, in milliseconds; its siblings are not affected. */
  readonly timeoutMs: number;
}

export interface ToolBatch {
  /** One message per requested call, in the order of the request. */
  readonly messages: ModelMessage[];
  /** True when every call of the batch had been answered before. */
  readonly onlyRepeats: boolean;
}

/** Runs the tools of one answer, under the asking principal and within the persona's allow-list. */
export interface ToolRunner {
  readonly offered: readonly OfferedTool[];
  /** Everything called so far in request order, for the stored message. */
  readonly calls: readonly ToolCall[];
  readonly results: readonly ToolResult[];
  knowsEvidence(id: string): boolean;
  run(requested: readonly RequestedCall[], signal: AbortSignal): Promise<ToolBatch>;
}

interface Admitted {
  readonly call: ToolCall;
  readonly refusal?: AppError;
}

interface Run {
  readonly call: ToolCall;
  readonly evidence: string;
  readonly reading: Reading;
  readonly text: string;
}

/** Failures that may be gone a moment later: the same call may be made once more. */
const PASSING = new Set<string>(['QUERY_TIMEOUT', 'CLUSTER_UNREACHABLE', 'RATE_LIMITED', 'STORE_UNAVAILABLE']);

export function createToolRunner(options: ToolRunnerOptions): ToolRunner {
  const { dispatcher, persona, principal, traceId, events, clock, newId, maxParallel, timeoutMs } = options;
  const allowed = new Set(persona.capabilities);
  const usable = dispatcher.tools.filter((tool) => tool.exposure === 'model' && allowed.has(tool.name));
  const calls: ToolCall[] = [];
  const results: ToolResult[] = [];
  const done = new Map<string, Run>();
  const attempts = new Map<string, number>();
  let evidenceCount = 0;

  /** The call as data, and why it must not run if it must not. */
  function admit(request: RequestedCall): Admitted {
    const name = redactText(request.name.slice(0, 200));
    const parsed = parseArguments(request.arguments);
    if (!parsed.ok) {
      const call = { id: request.id, name, arguments: { malformed_json: redactText(request.arguments.slice(0, 500)) } };
      const refusal = new AppError('INVALID_JSON', `The arguments of ${name} are not a JSON object: ${parsed.why}.`, {
        hint: 'The tool did not run. Call it again with valid JSON.',
      });
      return { call, refusal };
    }
    const call = { id: request.id, name, arguments: redact(parsed.value) };
    if (usable.some((tool) => tool.name === request.name)) return { call };
    return { call, refusal: notUsable(request.name) };
  }

  function notUsable(name: string): AppError {
    const names = usable.map((tool) => tool.name);
    const known = dispatcher.find(name);
    if (known?.exposure === 'model') {
      const how = known.annotations.readOnly
        ? 'Use a persona that may.'
        : 'Tell the user to do it with the aiops command line or an MCP client that can ask for confirmation.';
      const code = known.confirm === undefined ? 'PERMISSION_DENIED' : 'CONFIRMATION_REQUIRED';
      return new AppError(code, `${name} is not among the tools of the persona ${persona.id}.`, {
        details: { tool: name },
        hint: how,
      });
    }
    const similar = nearNames(name, names);
    return new AppError('TOOL_NOT_FOUND', `There is no tool named ${JSON.stringify(name.slice(0, 80))}.`, {
      details: { similar },
      hint: similar.length > 0 ? `Did you mean ${similar.join(' or ')}?` : `Tools: ${names.join(', ')}.`,
    });
  }

  async function dispatch(call: ToolCall, signal: AbortSignal): Promise<ToolAnswer> {
    const late = new AppError('QUERY_TIMEOUT', `${call.name} did not answer within ${timeoutMs / 1000} s.`, {
      hint: 'Ask fewer clusters or a shorter time range.',
    });
    const controller = new AbortController();
    const cancelTimeout = clock.after(timeoutMs, () => controller.abort(late));
    const either = AbortSignal.any([signal, controller.signal]);
    try {
      return await orAborted(
        dispatcher.call({ tool: call.name, input: call.arguments, principal, door: 'agent', traceId, signal: either }),
        either,
      );
    } finally {
      cancelTimeout();
    }
  }

  async function execute(
    call: ToolCall,
    evidence: string,
    refusal: AppError | undefined,
    signal: AbortSignal,
  ): Promise<{ run: Run; result: ToolResult }> {
    const startedMs = clock.monotonicMs();
    try {
      if (refusal) throw refusal;
      // Dispatch has redacted both output and text.
      const { output, text, model = { output, text }, ...answer } = await dispatch(call, signal);
      const reading: Reading = {
        tool: call.name,
        input: call.arguments,
        evidence,
        output,
        shortened: answer.shortened,
      };
      const result: ToolResult = {
        tool_call_id: call.id,
        status: 'SUCCESS',
        result: output,
        duration_ms: answer.durationMs,
        evidence,
      };
      return { run: { call, evidence, reading, text: `${model.text}\n${JSON.stringify(model.output)}` }, result };
    } catch (thrown) {
      signal.throwIfAborted();
      const failure = asAppError(thrown);
      const error = { code: failure.code, message: redactText(failure.sentence) };
      const status = failure.code === 'QUERY_TIMEOUT' ? 'TIMEOUT' : 'ERROR';
      const duration = Math.round(clock.monotonicMs() - startedMs);
      const reading: Reading = { tool: call.name, input: call.arguments, evidence, error, shortened: false };
      const result: ToolResult = {
        tool_call_id: call.id,
        status,
        result: null,
        error,
        duration_ms: duration,
        evidence,
      };
      return { run: { call, evidence, reading, text: `ERROR ${error.code}: ${error.message}` }, result };
    }
  }

  function isSettled(key: string): boolean {
    const earlier = done.get(key);
    if (!earlier) return false;
    return !(earlier.reading.error && PASSING.has(earlier.reading.error.code) && (attempts.get(key) ?? 0) < 2);
  }

  async function run(requested: readonly RequestedCall[], signal: AbortSignal): Promise<ToolBatch> {
    signal.throwIfAborted();
    const limit = pLimit(maxParallel);
    const admitted = requested.map((request) => {
      const one = admit(request);
      return { request, ...one, key: `${one.call.name} ${canonical(one.call.arguments)}` };
    });
    const repeated = new Set(admitted.filter(({ key }) => isSettled(key)).map(({ key }) => key));
    const started = new Map<string, Promise<{ run: Run; result: ToolResult }>>();
    for (const { call, key, refusal } of admitted) {
      if (repeated.has(key) || started.has(key)) continue;
      attempts.set(key, (attempts.get(key) ?? 0) + 1);
      evidenceCount += 1;
      const evidence = `E${evidenceCount}`;
      calls.push(call);
      events.emit({ type: 'tool_use', tool_call: call });
      const work = limit(async () => {
        signal.throwIfAborted();
        const ran = await execute(call, evidence, refusal, signal);
        events.emit({ type: 'tool_result', tool_result: ran.result });
        return ran;
      });
      started.set(key, work);
    }
    const ran = new Map<string, { run: Run; result: ToolResult }>();
    const outcomes = await Promise.allSettled(started.values());
    for (const [i, key] of [...started.keys()].entries()) {
      const outcome = outcomes[i];
      if (outcome?.status !== 'fulfilled') continue;
      ran.set(key, outcome.value);
      done.set(key, outcome.value.run);
      results.push(outcome.value.result);
    }
    signal.throwIfAborted();
    const seen = new Set<string>();
    const messages = admitted.map(({ request, key }): ModelMessage => {
      const fresh = ran.get(key)?.run;
      if (fresh && !seen.has(key)) {
        seen.add(key);
        return { role: 'tool', callId: request.id, content: wrap(fresh), reading: fresh.reading };
      }
      const earlier = done.get(key)?.evidence ?? '';
      return {
        role: 'tool',
        callId: request.id,
        content: `This is exactly the call whose result is evidence ${earlier}; it was not run again. Use that result, or change the arguments.`,
      };
    });
    return { messages, onlyRepeats: started.size === 0 };
  }

  function wrap({ call, evidence, text }: Run): string {
    return wrapToolOutput({ tool: call.name, evidence, nonce: newId(), text });
  }

  return {
    offered: usable.map((tool) => ({
      name: tool.name,
      description: tool.description,
      parameters: jsonSchema(tool.input),
    })),
    calls,
    results,
    knowsEvidence: (id) => results.some((result) => result.evidence === id),
    run,
  };
}

function jsonSchema(input: z.ZodObject): Record<string, unknown> {
  const { $schema: _, ...schema } = z.toJSONSchema(input, { io: 'input' });
  return schema;
}

type Arguments =
  | { readonly ok: true; readonly value: Record<string, unknown> }
  | { readonly ok: false; readonly why: string };

/** The empty text means no arguments, which is how many models call a tool that has none. */
function parseArguments(text: string): Arguments {
  if (text.trim() === '') return { ok: true, value: {} };
  try {
    const value: unknown = JSON.parse(text);
    const object = z.record(z.string(), z.unknown()).safeParse(value);
    return object.success ? { ok: true, value: object.data } : { ok: false, why: 'it is JSON, but not an object' };
  } catch (thrown) {
    return { ok: false, why: thrown instanceof SyntaxError ? thrown.message : String(thrown) };
  }
}
