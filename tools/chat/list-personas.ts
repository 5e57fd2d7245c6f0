import { z } from 'zod';
import { Persona } from '../../backend/model/persona.ts';
import { defineTool } from '../define.ts';

export const listPersonas = defineTool({
  name: 'list_personas',
  title: 'List personas',
  description: 'The personas that a conversation can be with, and the tools each may call.',
  toolset: 'chat',
  permission: 'chat:read',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  input: z.strictObject({}),
  output: z.strictObject({ items: z.array(Persona) }),
  example: {},
  rest: [{ method: 'GET', path: '/personas' }],
  summarize: ({ items }) => `Personas: ${items.map((persona) => persona.id).join(', ')}.`,
  run: async ({ services }) => ({ items: services.personas.list() }),
});
