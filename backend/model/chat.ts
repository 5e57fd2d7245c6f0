import { z } from 'zod';

export const ChatSession = z.strictObject({
  id: z.uuid(),
  user_id: z.string(),
  title: z.string(),
  persona_id: z.string(),
  /** Cluster names or one label selector that questions are about when they name none; empty = every cluster in scope. */
  cluster_context: z.array(z.string()),
  model: z.string().nullable(),
  message_count: z.int(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
});
export type ChatSession = z.infer<typeof ChatSession>;

export const ToolCall = z.strictObject({
  id: z.string(),
  name: z.string(),
  arguments: z.record(z.string(), z.unknown()),
});
export type ToolCall = z.infer<typeof ToolCall>;

export const ToolResult = z.strictObject({
  tool_call_id: z.string(),
  status: z.enum(['SUCCESS', 'ERROR', 'TIMEOUT']),
  /** The tool's structured output; null when it failed. */
  result: z.unknown(),
  error: z.strictObject({ code: z.string(), message: z.string() }).optional(),
  duration_ms: z.number(),
  /** Id of the stored evidence that citations in the answer point at, such as `E1`. */
  evidence: z.string(),
});
export type ToolResult = z.infer<typeof ToolResult>;

export const ChatMessage = z.strictObject({
  id: z.uuid(),
  session_id: z.uuid(),
  role: z.enum(['USER', 'ASSISTANT', 'SYSTEM', 'TOOL']),
  content: z.string(),
  persona_id: z.string(),
  tool_calls: z.array(ToolCall),
  tool_results: z.array(ToolResult),
  /** Name of the model that wrote it, `offline-analyst` when no model did; null for what a person wrote. */
  model: z.string().nullable(),
  /** False when the answer stopped early (cancel, budget, stalled model). */
  complete: z.boolean(),
  tokens_used: z.int().nullable(),
  latency_ms: z.int().nullable(),
  created_at: z.iso.datetime(),
});
export type ChatMessage = z.infer<typeof ChatMessage>;

/** Events of one answer, in order. `id` counts from 1 without gaps; it is the SSE id. */
export const ChatStreamEvent = z.discriminatedUnion('type', [
  z.strictObject({
    id: z.int(),
    type: z.literal('message_start'),
    message_id: z.uuid(),
    model: z.string(),
    offline: z.boolean(),
  }),
  z.strictObject({ id: z.int(), type: z.literal('tool_use'), tool_call: ToolCall }),
  z.strictObject({ id: z.int(), type: z.literal('tool_result'), tool_result: ToolResult }),
  z.strictObject({ id: z.int(), type: z.literal('content_delta'), text: z.string() }),
  z.strictObject({ id: z.int(), type: z.literal('content_reset'), reason: z.string() }),
  z.strictObject({ id: z.int(), type: z.literal('message_complete'), message: ChatMessage }),
  z.strictObject({
    id: z.int(),
    type: z.literal('error'),
    code: z.string(),
    message: z.string(),
    trace_id: z.string(),
  }),
]);
export type ChatStreamEvent = z.infer<typeof ChatStreamEvent>;
