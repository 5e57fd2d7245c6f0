import { createHash, randomUUID } from 'node:crypto';
import {
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  type InputRequiredResult,
  type ServerContext,
  acceptedContent,
  createRequestStateCodec,
  inputRequired,
  inputResponse,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { Clock } from '../../backend/platform/clock.ts';

/** How long a person may think about a question, in seconds. */
export const CONFIRMATION_TTL_SECONDS = 300;

/** One write, exactly as it was asked for: a confirmation covers this and nothing else. */
export interface PendingCall {
  readonly principalId: string;
  readonly tool: string;
  readonly args: unknown;
}

/**
 * What the client brought back. `NONE`: nothing yet, so ask. `STALE`: a confirmation of another call, of another caller, or one
 * that was used before.
 */
export type Decision = 'NONE' | 'CONFIRMED' | 'DECLINED' | 'STALE';

export interface Confirmations {
  /** For `ServerOptions.requestState.verify`: refuses what this server did not sign or signed too long ago. */
  verify(state: string, context: ServerContext): Promise<unknown>;
  ask(context: ServerContext, call: PendingCall, question: string): Promise<InputRequiredResult>;
  /** Reads the answer of a retried call. CONFIRMED is returned at most once for each question asked. */
  read(context: ServerContext, call: PendingCall): Decision;
}

const State = z.strictObject({ binding: z.string(), nonce: z.uuid() });
const Answer = z.object({ confirm: z.boolean() });
const KEY = 'confirm';

/**
 * Confirmation of writes by elicitation. The state that travels through the client is signed with `key` (at least 32 bytes) and
 * bound to caller, tool and arguments. Used-up questions are remembered in this process: behind several replicas the key and
 * this memory have to be shared before writes may be confirmed on another replica than asked.
 */
export function createConfirmations({ key, clock }: { key: Uint8Array; clock: Clock }): Confirmations {
  const codec = createRequestStateCodec<z.infer<typeof State>>({ key, ttlSeconds: CONFIRMATION_TTL_SECONDS });
  const usedUntilMs = new Map<string, number>();

  function claim(nonce: string): boolean {
    const nowMs = clock.now().getTime();
    for (const [used, untilMs] of usedUntilMs) {
      if (untilMs > nowMs) break; // insertion order is order of expiry
      usedUntilMs.delete(used);
    }
    if (usedUntilMs.has(nonce)) return false;
    usedUntilMs.set(nonce, nowMs + 2 * CONFIRMATION_TTL_SECONDS * 1000);
    return true;
  }

  return {
    verify: (state, context) => codec.verify(state, context),
    ask: async (context, call, question) =>
      inputRequired({
        inputRequests: {
          [KEY]: inputRequired.elicit({
            message: question,
            requestedSchema: {
              type: 'object',
              properties: { confirm: { type: 'boolean', title: 'Yes, do it', default: false } },
              required: ['confirm'],
            },
          }),
        },
        requestState: await codec.mint({ binding: bindingOf(call), nonce: randomUUID() }, context),
      }),
    read: (context, call) => {
      const state = State.safeParse(context.mcpReq.requestState());
      if (!state.success) return 'NONE'; // without a signed state an answer is worth nothing
      if (state.data.binding !== bindingOf(call)) return 'STALE';
      const responses = context.mcpReq.inputResponses;
      const response = inputResponse(responses, KEY);
      if (response.kind !== 'elicit') return 'NONE';
      if (!claim(state.data.nonce)) return 'STALE';
      return acceptedContent(responses, KEY, Answer)?.confirm === true ? 'CONFIRMED' : 'DECLINED';
    },
  };
}

/** A bare `elicitation: {}` means forms (MCP 2025-11-25, elicitation capabilities). */
const CanAsk = z.object({
  elicitation: z
    .object({ form: z.looseObject({}).optional(), url: z.looseObject({}).optional() })
    .refine(({ form, url }) => form !== undefined || url === undefined),
});

/** True when the client can show a form, by the capabilities of this request or, in the 2025 era, of the connection. */
export function canAskByForm(context: ServerContext, declaredAtInitialize: ClientCapabilities | undefined): boolean {
  const envelope: Readonly<Record<string, unknown>> = context.mcpReq.envelope ?? {};
  return CanAsk.safeParse(envelope[CLIENT_CAPABILITIES_META_KEY] ?? declaredAtInitialize).success;
}

function bindingOf(call: PendingCall): string {
  const parts = JSON.stringify([call.principalId, call.tool, canonical(call.args ?? {})]);
  return createHash('sha256').update(parts).digest('base64url');
}

/** Object keys sorted at every depth, so that a client may re-serialise the arguments in between. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, item]) => [key, canonical(item)] as const);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}
