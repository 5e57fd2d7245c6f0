import { z } from 'zod';
import { defineTool } from '../define.ts';
import { EXAMPLE_SESSION, SessionId } from './session-id.ts';

export const deleteChatSession = defineTool({
  name: 'delete_chat_session',
  title: 'Delete a chat session',
  description: 'Deletes one conversation of the caller with all its messages.',
  toolset: 'chat',
  permission: 'chat:write',
  exposure: 'api',
  annotations: { readOnly: false, destructive: true, idempotent: false, openWorld: false },
  input: z.strictObject({ session_id: SessionId }),
  output: z.strictObject({ session_id: z.uuid(), deleted: z.literal(true) }),
  example: { session_id: EXAMPLE_SESSION },
  rest: [{ method: 'DELETE', path: '/chat/sessions/{id}', status: 204, rename: { id: 'session_id' } }],
  summarize: ({ session_id }) => `Deleted chat session ${session_id}.`,
  run: async ({ principal, services }, { session_id }) => {
    await services.conversations.deleteSession(session_id, principal.id);
    return { session_id, deleted: true as const };
  },
});
