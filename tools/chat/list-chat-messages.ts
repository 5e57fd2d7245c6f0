import { z } from 'zod';
import { ChatMessage } from '../../backend/model/chat.ts';
import { defineTool } from '../define.ts';
import { EXAMPLE_SESSION, SessionId } from './session-id.ts';

export const listChatMessages = defineTool({
  name: 'list_chat_messages',
  title: 'List chat messages',
  description:
    'The latest messages of one conversation of the caller, oldest of them first, with the tool results that answers cite.',
  toolset: 'chat',
  permission: 'chat:read',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  input: z.strictObject({
    session_id: SessionId,
    limit: z.int().min(1).max(100).default(50),
    before: z.uuid().optional().describe('A message id; messages before it'),
  }),
  output: z.strictObject({
    items: z.array(ChatMessage),
    /** True when there are messages before the first of `items`. */
    has_more: z.boolean(),
  }),
  example: { session_id: EXAMPLE_SESSION },
  rest: [{ method: 'GET', path: '/chat/sessions/{id}/messages', rename: { id: 'session_id' } }],
  summarize: ({ items, has_more }) => `${items.length} messages${has_more ? ', and there are earlier ones' : ''}.`,
  run: async ({ principal, services }, { session_id, limit, before }) => {
    const page = { limit: limit + 1, ...(before === undefined ? {} : { before }) };
    const messages = await services.conversations.listMessages(session_id, principal.id, page);
    return { items: messages.slice(-limit), has_more: messages.length > limit };
  },
});
