import { z } from 'zod';
import { type ZodOpenApiOperationObject, createDocument } from 'zod-openapi';
import { ERROR_CODES } from '../../backend/model/errors.ts';
import type { AnyTool, RestRoute } from '../../tools/define.ts';
import { WEBHOOK_BODY, WEBHOOK_ANSWER } from './alert-webhook.ts';
import { restRoutesOf } from './tool-routes.ts';

const ErrorBody = z
  .strictObject({
    error: z.strictObject({
      code: z.enum(Object.keys(ERROR_CODES) as [string, ...string[]]), // proof: ERROR_CODES is not empty
      message: z.string(),
      details: z.record(z.string(), z.unknown()),
      trace_id: z.string(),
      timestamp: z.iso.datetime(),
    }),
  })
  .meta({ id: 'Error', description: 'Every error has this body. The trace id finds the request in the log.' });

const ETAG = z
  .string()
  .meta({ description: 'The version of what is answered, for `If-Match` of a change.', example: '"3"' });
const IF_MATCH = z
  .string()
  .optional()
  .meta({ description: 'The ETag that the change starts from; 412 when it is no longer the current one.' });

/** OpenAPI 3.1 of every REST route, from the same schemas that validate the calls. */
export function openApiDocument(tools: readonly AnyTool[], version: string): ReturnType<typeof createDocument> {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const tool of tools) {
    for (const route of restRoutesOf(tool)) {
      const operations = (paths[`/api/v1${route.path}`] ??= {});
      operations[route.method.toLowerCase()] = operationOf(tool, route);
    }
  }
  paths['/api/v1/chat/sessions/{id}/stream'] = { post: streamOperation };
  Object.assign(paths, webhookPaths());
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'AIOps NextGen',
      version,
      description:
        'Every tool of the platform over HTTP. Times are ISO 8601 UTC. A 206 answer has `complete: false`: some clusters did not answer, each named with its reason.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API token, made with `aiops token create`. Not needed in auth mode `none`.',
        },
      },
    },
    paths,
  });
}

function operationOf(tool: AnyTool, route: RestRoute): ZodOpenApiOperationObject {
  const status = String(route.status ?? 200);
  const success =
    route.status === 204
      ? { description: 'Done.' }
      : {
          description: tool.title,
          content: { 'application/json': { schema: tool.output } },
          ...(route.etag === undefined ? {} : { headers: z.object({ ETag: ETAG }) }),
        };
  const shape: Record<string, z.ZodType> = tool.input.shape;
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
  const toolNameOf = (parameter: string) => route.rename?.[parameter] ?? parameter;
  const taken = new Set(inPath.map(toolNameOf));
  const rest = Object.entries(shape).filter(([name]) => !taken.has(name));
  const path = z.strictObject(Object.fromEntries(inPath.map((name) => [name, shape[toolNameOf(name)] ?? z.string()])));
  const own = !route.path.startsWith('/tools/');
  return {
    operationId: own
      ? `${route.method.toLowerCase()}${route.path.replaceAll(/[/{}-]+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`
      : tool.name,
    summary: tool.title,
    description: `${tool.description}\n\nTool \`${tool.name}\`, permission \`${tool.permission}\`.`,
    tags: [own ? tool.toolset : 'tools'],
    ...(inPath.length === 0 && (route.method !== 'GET' || rest.length === 0)
      ? {}
      : {
          requestParams: {
            ...(inPath.length === 0 ? {} : { path }),
            ...(route.method === 'GET' ? { query: z.strictObject(Object.fromEntries(rest)) } : {}),
            ...(route.ifMatch === undefined ? {} : { header: z.object({ 'If-Match': IF_MATCH }) }),
          },
        }),
    ...(route.method === 'POST' || route.method === 'PUT'
      ? {
          requestBody: {
            content: {
              'application/json': {
                schema: z.strictObject(Object.fromEntries(rest)),
                ...(own ? {} : { example: tool.example as object }),
              },
            },
          },
        } // proof: examples are objects
      : {}),
    responses: {
      [status]: success,
      ...('complete' in tool.output.shape
        ? {
            '206': {
              description: 'Some clusters did not answer; `complete` is false.',
              content: { 'application/json': { schema: tool.output } },
            },
          }
        : {}),
      default: { description: 'An error.', content: { 'application/json': { schema: ErrorBody } } },
    },
  };
}

const streamOperation: ZodOpenApiOperationObject = {
  operationId: 'streamChatAnswer',
  summary: 'Ask and stream the answer',
  description:
    'Server-sent events: message_start, tool_use, tool_result, content_delta, content_reset, message_complete, error. Ids count from 1 without gaps. Tool `send_chat_message`.',
  tags: ['chat'],
  requestParams: { path: z.strictObject({ id: z.uuid() }) },
  requestBody: { content: { 'application/json': { schema: z.strictObject({ content: z.string() }) } } },
  responses: {
    '200': { description: 'The events of one answer.', content: { 'text/event-stream': { schema: z.string() } } },
    default: { description: 'An error.', content: { 'application/json': { schema: ErrorBody } } },
  },
};

function webhookPaths(): Record<string, Record<string, ZodOpenApiOperationObject>> {
  const operation = (id: string, description: string): ZodOpenApiOperationObject => ({
    operationId: id,
    summary: "Take an Alertmanager's notification",
    description: `${description} Bearer token: the cluster's webhook secret (tool \`rotate_webhook_secret\`). Stored when answered; repeats change nothing.`,
    tags: ['alerts'],
    requestBody: { content: { 'application/json': { schema: WEBHOOK_BODY } } },
    responses: {
      '200': { description: 'Stored.', content: { 'application/json': { schema: WEBHOOK_ANSWER } } },
      default: { description: 'An error.', content: { 'application/json': { schema: ErrorBody } } },
    },
  });
  return {
    '/api/v1/alerts/webhook': {
      post: operation('postAlertsWebhook', 'The label `cluster` of the alerts names the cluster.'),
    },
    '/api/v1/alerts/webhook/{cluster_id}': {
      post: {
        ...operation('postAlertsWebhookClusterId', 'Of one cluster.'),
        requestParams: { path: z.strictObject({ cluster_id: z.uuid() }) },
      },
    },
  };
}
