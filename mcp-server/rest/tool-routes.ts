import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import { AppError } from '../../backend/model/errors.ts';
import type { AnyTool, RestRoute } from '../../tools/define.ts';
import type { Dispatcher, ToolAnswer } from '../../tools/dispatch.ts';
import { DEFAULT_BODY_LIMIT, jsonBody } from '../http/json-body.ts';
import { principalOf, stateOf } from '../http/request-state.ts';
import { coerceQuery } from './coerce-query.ts';

/** Every tool at `POST /tools/{name}`, and the routes that each tool declares for itself. */
export function toolRoutes(dispatcher: Dispatcher): Router {
  const router = Router();
  // A path in so many words goes before one with parameters: /traces/services is no trace id.
  const routes = dispatcher.tools
    .flatMap((tool) => restRoutesOf(tool).map((route) => ({ tool, route })))
    .sort((a, b) => parametersOf(a.route) - parametersOf(b.route));
  for (const { tool, route } of routes) {
    const path = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
    const schema = z.toJSONSchema(tool.input, { io: 'input' });
    const handler = async (request: Request, response: Response) => {
      const input = readInput(request, route, schema);
      const answer = await dispatcher.call({
        tool: tool.name,
        input,
        principal: principalOf(request),
        door: 'rest',
        traceId: stateOf(request).trace.traceId,
        signal: abortOnClose(response),
        confirmed: true, // a REST call is made on purpose, by a person or a script of theirs
      });
      sendAnswer(response, answer, route);
    };
    if (route.method === 'GET' || route.method === 'DELETE')
      router[route.method === 'GET' ? 'get' : 'delete'](path, handler);
    else router[route.method === 'POST' ? 'post' : 'put'](path, ...jsonBody(route.bodyLimit), handler);
  }
  router.post('/tools/:name', ...jsonBody(DEFAULT_BODY_LIMIT), async (request, response) => {
    // Only for names that the catalog does not have: the dispatcher answers with near names.
    await dispatcher.call({
      tool: String(request.params['name']),
      input: {},
      principal: principalOf(request),
      door: 'rest',
      traceId: stateOf(request).trace.traceId,
    });
    response.status(204).end();
  });
  return router;
}

function parametersOf({ path }: RestRoute): number {
  return path.split('{').length - 1;
}

/** The routes of a tool: the generic one first, then its own. */
export function restRoutesOf(tool: AnyTool): RestRoute[] {
  const own = tool.rest ?? [];
  const limits = own.flatMap((route) => route.bodyLimit ?? []);
  const generic: RestRoute = {
    method: 'POST',
    path: `/tools/${tool.name}`,
    ...(limits[0] === undefined ? {} : { bodyLimit: limits[0] }),
  };
  return [generic, ...own];
}

/** Path over query over body; renamed and, where the text of a URL has to become a number or a list, converted. */
export function readInput(
  request: Request,
  route: RestRoute,
  schema: z.core.JSONSchema.BaseSchema,
): Record<string, unknown> {
  const body: unknown = request.body;
  const named = (from: object) =>
    Object.entries(from).map(([key, value]: [string, unknown]) => [route.rename?.[key] ?? key, value] as const);
  const fromUrl = [...named(request.query), ...named(request.params)].map(
    ([name, value]) => [name, coerceQuery(value, schema.properties?.[name])] as const,
  );
  // fromEntries defines own properties, so that a key such as `__proto__` is an unknown argument like any other.
  const version = versionOf(request.headers['if-match'], route);
  const condition = route.ifMatch === undefined || version === undefined ? [] : [[route.ifMatch, version] as const];
  return Object.fromEntries([...named(body ?? {}), ...fromUrl, ...condition]);
}

/**
 * The version that `If-Match` names; undefined when it asks for none (`*`). A weak tag counts as well: proxies that compress
 * make weak ones of ours, and the number in it means the same. A change that cannot keep the condition is refused, not made.
 */
function versionOf(header: string | undefined, route: RestRoute): number | undefined {
  if (header === undefined || header.trim() === '*' || route.method === 'GET') return undefined;
  const version = /^(?:W\/)?"(\d{1,15})"$/.exec(header.trim())?.[1];
  if (route.ifMatch !== undefined && version !== undefined) return Number(version);
  const message =
    route.ifMatch === undefined
      ? 'is not supported here'
      : 'must be the ETag of the answer that the change starts from';
  throw new AppError('VALIDATION_FAILED', `If-Match ${message}.`, {
    details: { issues: [{ field: 'If-Match', message }] },
  });
}

function sendAnswer(response: Response, answer: ToolAnswer, route: RestRoute): void {
  if (route.status === 204) {
    response.status(204).end();
    return;
  }
  if (answer.evidence) response.setHeader('Link', `<${answer.evidence.uri}>; rel="full"`);
  // 206 says what `complete: false` says in the body: some clusters did not answer, so totals are lower bounds.
  response.status(answer.output['complete'] === false ? 206 : (route.status ?? 200));
  if (route.etag === undefined) {
    response.json(answer.output);
    return;
  }
  // Written past express's own answer to If-None-Match: the version is that of the registration, and health moves without it.
  response.setHeader('ETag', `"${String(answer.output[route.etag])}"`);
  response.type('json').end(JSON.stringify(answer.output));
}

/** A signal that aborts when the client goes away before the answer is finished. */
export function abortOnClose(response: Response): AbortSignal {
  const controller = new AbortController();
  response.on('close', () => {
    if (!response.writableFinished) controller.abort(new Error('the client closed the connection'));
  });
  return controller.signal;
}
