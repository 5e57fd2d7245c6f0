import { z } from 'zod';
import { defineTool } from '../define.ts';
import { pageOf } from './evidence-page.ts';

const URI = /^(?:aiops:\/\/evidence\/)?([0-9a-f-]{36})$/i;

export const readEvidence = defineTool({
  name: 'read_evidence',
  title: 'Read evidence',
  description:
    'Pages and searches the whole of an earlier answer that was summarised or shortened (its aiops://evidence/{id}). Yours only, for 24 hours.',
  toolset: 'evidence',
  permission: 'cluster:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  input: z.strictObject({
    evidence: z.string().max(100).regex(URI, 'aiops://evidence/{id}, or the id alone'),
    path: z.string().min(1).max(500).default('$').describe('Where to look: $.results[0].data'),
    search: z.string().min(1).max(200).optional().describe('Text in a key or value below path'),
    offset: z.int().min(0).max(10_000_000).default(0),
    limit: z.int().min(1).max(500).default(20),
  }),
  output: z.strictObject({
    tool: z.string(),
    created_at: z.iso.datetime(),
    /** Items, keys or matches there are. */
    total: z.int(),
    items: z.array(z.strictObject({ path: z.string(), value: z.unknown(), cut: z.literal(true).optional() })),
    /** Null = that was the last page. */
    next_offset: z.int().nullable(),
  }),
  example: { evidence: '00000000-0000-4000-8000-000000000000', search: 'checkout' },
  rest: [{ method: 'GET', path: '/evidence/{id}/items', rename: { id: 'evidence' } }],
  summarize: ({ tool, created_at, total, items, next_offset }) =>
    `${items.length} of ${total} of what ${tool} answered at ${created_at}${next_offset === null ? '.' : `; more from offset ${next_offset}.`}`,
  run: async ({ principal, services }, { evidence, path, ...query }) => {
    const id = URI.exec(evidence)?.[1] ?? evidence;
    const { tool, created_at, content } = await services.evidence.get(id.toLowerCase(), principal.id);
    return { tool, created_at, ...pageOf(content, { ...query, path: path.startsWith('$') ? path : `$.${path}` }) };
  },
});
