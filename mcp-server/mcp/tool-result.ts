import type { CallToolResult } from '@modelcontextprotocol/server';
import type { AppError } from '../../backend/model/errors.ts';
import type { ToolAnswer } from '../../tools/dispatch.ts';

/** `_meta` key under which a failed call carries its error in a form that a program can read. */
const ERROR_META_KEY = 'aiops/error';

/**
 * The summary first, then the output as JSON for clients that show only text (MCP 2025-11-25, tools, structured content), and a
 * link to the whole answer when it had to be cut.
 */
export function answerResult(answer: ToolAnswer): CallToolResult {
  const content: CallToolResult['content'] = [
    { type: 'text', text: answer.text },
    { type: 'text', text: JSON.stringify(answer.output) },
  ];
  if (answer.evidence) {
    content.push({
      type: 'resource_link',
      uri: answer.evidence.uri,
      name: 'whole answer',
      description: 'The answer before it was shortened; kept for 24 hours.',
      mimeType: 'application/json',
      size: answer.evidence.bytes,
    });
  }
  return { content, structuredContent: answer.output };
}

/** A failed call: the same code and sentence as in every door, told to the model rather than to the protocol. */
export function errorResult(error: AppError, traceId: string): CallToolResult {
  return {
    isError: true,
    content: [{ type: 'text', text: `${error.code}: ${error.sentence}\nTrace id: ${traceId}` }],
    _meta: {
      [ERROR_META_KEY]: { code: error.code, message: error.sentence, details: error.details, trace_id: traceId },
    },
  };
}
