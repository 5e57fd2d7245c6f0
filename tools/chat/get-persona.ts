import { z } from 'zod';
import { Persona } from '../../backend/model/persona.ts';
import { defineTool } from '../define.ts';

export const getPersona = defineTool({
  name: 'get_persona',
  title: 'Get a persona',
  description: 'One persona: its prompt and the tools it may call.',
  toolset: 'chat',
  permission: 'chat:read',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  input: z.strictObject({ persona_id: z.string().min(1).max(64) }),
  output: Persona,
  example: { persona_id: 'default' },
  rest: [{ method: 'GET', path: '/personas/{id}', rename: { id: 'persona_id' } }],
  summarize: (persona) => `${persona.name}: ${persona.description}`,
  run: async ({ services }, { persona_id }) => services.personas.get(persona_id),
});
