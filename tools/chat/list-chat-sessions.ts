import { z } from 'zod';
import { ChatSession } from '../../backend/model/chat.ts';
import { defineTool } from '../define.ts';

export const listChatSessions = defineTool({
  name: 'list_chat_sessions',
  title: 'List chat sessions',
  description: 'The conversations of the caller that have not expired, last used first.',
  toolset: 'chat',
  permission: 'chat:read',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  input: z.strictObject({}),
  output: z.strictObject({ items: z.array(ChatSession) }),
  example: {},
  rest: [{ method: 'GET', path: '/chat/sessions' }],
  summarize: ({ items }) => `${items.length} chat sessions.`,
  run: async ({ principal, services }) => ({ items: await services.conversations.listSessions(principal.id) }),
});
