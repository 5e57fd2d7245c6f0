import {
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
  ResourceNotFoundError,
  ResourceTemplate,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { asAppError } from '../../backend/model/errors.ts';
import type { EvidenceStore } from '../../backend/platform/evidence.ts';
import { boundSize } from '../../tools/bound-size.ts';
import type { Dispatcher } from '../../tools/dispatch.ts';
import type { Caller } from './caller.ts';

export interface ResourceSources {
  readonly dispatcher: Pick<Dispatcher, 'call'>;
  readonly evidence: Pick<EvidenceStore, 'get'>;
  callerIn(context: ServerContext): Caller;
}

const MIME = 'application/json';
/** Health is measured every 15 s at the most. */
const CLUSTER_CACHE = { ttlMs: 10_000, cacheScope: 'private' } as const;
/** Evidence never changes; it is asked for again now and then because it expires. */
/** Clients read a message of at most 10 MiB over stdio; a resource stays well below, in its escaped form too. */
const MAX_RESOURCE_CHARS = 2_000_000;
const EVIDENCE_CACHE = { ttlMs: 600_000, cacheScope: 'private' } as const;

/** Clusters, alerts and evidence, read with the caller's own permissions and scope. What the caller may not see does not exist. */
export function registerResources(server: McpServer, { dispatcher, evidence, callerIn }: ResourceSources): void {
  const readTool = async (
    uri: URL,
    context: ServerContext,
    tool: string,
    input: unknown,
  ): Promise<ReadResourceResult> => {
    const { principal, traceId } = callerIn(context);
    const { signal } = context.mcpReq;
    return answering(
      uri,
      traceId,
      async () => (await dispatcher.call({ tool, input, principal, door: 'mcp', traceId, signal })).output,
    );
  };

  server.registerResource(
    'clusters',
    'aiops://clusters',
    {
      title: 'Clusters',
      description:
        'The first 100 clusters you may see, by name, with their health; the tool list_clusters pages and filters.',
      mimeType: MIME,
      cacheHint: CLUSTER_CACHE,
    },
    (uri, context) => readTool(uri, context, 'list_clusters', { page_size: 100 }),
  );

  server.registerResource(
    'cluster',
    new ResourceTemplate('aiops://clusters/{name}', { list: undefined }),
    {
      title: 'Cluster',
      description: 'Registration and last measured health of one cluster.',
      mimeType: MIME,
      cacheHint: CLUSTER_CACHE,
    },
    (uri, { name }, context) => readTool(uri, context, 'get_cluster', { cluster: variable(uri, name) }),
  );

  server.registerResource(
    'alert',
    new ResourceTemplate('aiops://alerts/{fingerprint}', { list: undefined }),
    {
      title: 'Alert',
      description: 'State, history, rule and silences of one alert.',
      mimeType: MIME,
      cacheHint: CLUSTER_CACHE,
    },
    (uri, { fingerprint }, context) => readTool(uri, context, 'get_alert', { fingerprint: variable(uri, fingerprint) }),
  );

  server.registerResource(
    'evidence',
    new ResourceTemplate('aiops://evidence/{id}', { list: undefined }),
    {
      title: 'Evidence',
      description: 'The whole answer of a tool call that had to be shortened. Yours only, kept for 24 hours.',
      mimeType: MIME,
      cacheHint: EVIDENCE_CACHE,
    },
    (uri, { id }, context) => {
      const { principal, traceId } = callerIn(context);
      return answering(uri, traceId, async () => {
        const { content } = await evidence.get(variable(uri, id), principal.id);
        const { value, omitted } = boundSize({ content }, MAX_RESOURCE_CHARS);
        if (omitted.length === 0) return content;
        const note = `Too long for one read; GET /api/v1/evidence/${variable(uri, id)} gives the whole.`;
        return { ...value, shortened: { note, lists: omitted.slice(0, 20) } };
      });
    },
  );
}

/** Runs a read and tells its failure to the protocol: what is missing as "not found", the rest with its code. */
async function answering(uri: URL, traceId: string, read: () => Promise<unknown>): Promise<ReadResourceResult> {
  try {
    return { contents: [{ uri: uri.href, mimeType: MIME, text: JSON.stringify(await read()) }] };
  } catch (thrown) {
    if (thrown instanceof ProtocolError) throw thrown;
    const error = asAppError(thrown);
    const text = `${error.code}: ${error.sentence}`;
    if (error.status === 404) throw new ResourceNotFoundError(uri.href, text);
    const code = error.status < 500 ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError;
    throw new ProtocolError(code, text, { code: error.code, details: error.details, trace_id: traceId });
  }
}

function variable(uri: URL, value: string | string[] | undefined): string {
  const text = Array.isArray(value) ? value[0] : value;
  if (text === undefined) throw new ResourceNotFoundError(uri.href);
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ResourceNotFoundError(uri.href); // a broken percent-escape names nothing
  }
}
