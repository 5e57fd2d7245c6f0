import { z } from 'zod';
import { defineTool } from '../define.ts';

export const getEvidence = defineTool({
  name: 'get_evidence',
  title: 'Get evidence',
  description:
    'The whole of an answer that was too long to show, by the id in its aiops://evidence/{id}. Only its owner can read it, for 24 hours.',
  toolset: 'evidence',
  permission: 'cluster:read',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  input: z.strictObject({ id: z.uuid() }),
  output: z.strictObject({ id: z.uuid(), tool: z.string(), created_at: z.iso.datetime(), content: z.unknown() }),
  example: { id: '00000000-0000-4000-8000-000000000000' },
  rest: [{ method: 'GET', path: '/evidence/{id}' }],
  summarize: ({ tool, created_at }) => `What ${tool} answered at ${created_at}.`,
  run: ({ principal, services }, { id }) => services.evidence.get(id, principal.id),
});
