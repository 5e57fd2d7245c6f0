import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import type { AnyTool, RestRoute } from '../../tools/define.ts';
import type { Dispatcher, ToolAnswer } from '../../tools/dispatch.ts';
import { DEFAULT_BODY_LIMIT, jsonBody } from '../http/json-body.ts';
import { principalOf, stateOf } from '../http/request-state.ts';
import { coerceQuery } from './coerce-query.ts';

/** Every tool at `POST /tools/{name}`, and the routes that each tool declares for itself. */
export function toolRoutes(dispatcher: Dispatcher): Router {
  const router = Router();
  for (const tool of dispatcher.tools) {
    for (const route of restRoutesOf(tool)) {
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
  return Object.fromEntries([...named(body ?? {}), ...fromUrl]);
}

function sendAnswer(response: Response, answer: ToolAnswer, route: RestRoute): void {
  if (route.status === 204) {
    response.status(204).end();
    return;
  }
  if (answer.evidence) response.setHeader('Link', `<${answer.evidence.uri}>; rel="full"`);
  // 206 says what `complete: false` says in the body: some clusters did not answer, so totals are lower bounds.
  response.status(answer.output['complete'] === false ? 206 : (route.status ?? 200)).json(answer.output);
}

/** A signal that aborts when the client goes away before the answer is finished. */
export function abortOnClose(response: Response): AbortSignal {
  const controller = new AbortController();
  response.on('close', () => {
    if (!response.writableFinished) controller.abort(new Error('the client closed the connection'));
  });
  return controller.signal;
}
