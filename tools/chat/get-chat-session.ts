import { z } from 'zod';
import { ChatSession } from '../../backend/model/chat.ts';
import { defineTool } from '../define.ts';
import { EXAMPLE_SESSION, SessionId } from './session-id.ts';

export const getChatSession = defineTool({
  name: 'get_chat_session',
  title: 'Get a chat session',
  description: 'One conversation of the caller: persona, clusters it is about, number of messages, when it expires.',
  toolset: 'chat',
  permission: 'chat:read',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  input: z.strictObject({ session_id: SessionId }),
  output: ChatSession,
  example: { session_id: EXAMPLE_SESSION },
  rest: [{ method: 'GET', path: '/chat/sessions/{id}', rename: { id: 'session_id' } }],
  summarize: (session) => `${session.title}: ${session.message_count} messages, expires ${session.expires_at}.`,
  run: ({ principal, services }, { session_id }) => services.conversations.getSession(session_id, principal.id),
});
