import { z } from 'zod';
import { UNTITLED } from '../../backend/conversations/conversations.ts';
import { ChatSession } from '../../backend/model/chat.ts';
import { defineTool } from '../define.ts';

export const createChatSession = defineTool({
  name: 'create_chat_session',
  title: 'Start a chat session',
  description:
    'Starts a conversation with a persona, about all clusters or some. It lives 24 hours after its last message, 7 days at most.',
  toolset: 'chat',
  permission: 'chat:write',
  exposure: 'api',
  annotations: { readOnly: false, destructive: false, idempotent: false, openWorld: false },
  input: z.strictObject({
    title: z.string().trim().min(1).max(200).default(UNTITLED),
    persona_id: z.string().max(64).default('default'),
    cluster_context: z
      .array(z.string().min(1).max(500))
      .max(100)
      .default([])
      .describe('Cluster names or one label selector. Default: all.'),
  }),
  output: ChatSession,
  example: { title: 'What is firing?' },
  rest: [{ method: 'POST', path: '/chat/sessions', status: 201 }],
  summarize: (session) => `Started chat session ${session.id} with the persona ${session.persona_id}.`,
  run: async ({ principal, services, resolveClusters }, { title, persona_id, cluster_context }) => {
    services.personas.get(persona_id);
    if (cluster_context.length > 0) await resolveClusters(cluster_context);
    return services.conversations.createSession({
      user_id: principal.id,
      title,
      persona_id,
      cluster_context,
      model: null,
    });
  },
});
