import { z } from 'zod';
import { ChatMessage } from '../../backend/model/chat.ts';
import { defineTool } from '../define.ts';
import { EXAMPLE_SESSION, SessionId } from './session-id.ts';

/** Room for an answer of many steps; the agent's own budget is shorter, so that it ends in its own words. */
const DEADLINE_MS = 300_000;

export const sendChatMessage = defineTool({
  name: 'send_chat_message',
  title: 'Ask a question',
  description:
    "Asks a question in a conversation and returns the persona's answer with the tool results it cites. Tools run with the caller's own permissions.",
  toolset: 'chat',
  permission: 'chat:write',
  exposure: 'api',
  annotations: { readOnly: false, destructive: false, idempotent: false, openWorld: true },
  input: z.strictObject({ session_id: SessionId, content: z.string().trim().min(1).max(32_000) }),
  output: ChatMessage,
  example: { session_id: EXAMPLE_SESSION, content: 'What is firing?' },
  rest: [{ method: 'POST', path: '/chat/sessions/{id}/messages', rename: { id: 'session_id' }, bodyLimit: 64 * 1024 }],
  deadlineMs: () => DEADLINE_MS,
  summarize: (message) => message.content,
  run: ({ principal, services, traceId, signal, emit }, { session_id, content }) =>
    services.agent.answer({ principal, sessionId: session_id, content, traceId, signal, emit }),
});
