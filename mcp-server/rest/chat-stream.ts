import { Router } from 'express';
import { z } from 'zod';
import type { ChatStreamEvent } from '../../backend/model/chat.ts';
import { AppError, asAppError } from '../../backend/model/errors.ts';
import type { Dispatcher } from '../../tools/dispatch.ts';
import { jsonBody } from '../http/json-body.ts';
import { principalOf, stateOf } from '../http/request-state.ts';
import { abortOnClose } from './tool-routes.ts';

const HEARTBEAT_MS = 15_000;
const CHAT_BODY_LIMIT = 64 * 1024;

/**
 * `POST /chat/sessions/{id}/stream`: the tool `send_chat_message` with its steps as server-sent events. An error before the
 * first event is an ordinary REST error; after it, an `error` event ends the stream.
 */
export function chatStream(dispatcher: Dispatcher): Router {
  const router = Router();
  router.post('/chat/sessions/:id/stream', ...jsonBody(CHAT_BODY_LIMIT), async (request, response) => {
    const { traceId } = stateOf(request).trace;
    let last: ChatStreamEvent | undefined;
    const emit = (event: ChatStreamEvent) => {
      if (response.destroyed) return;
      if (!response.headersSent) {
        response.writeHead(200, {
          'Content-Type': 'text/event-stream; charset=utf-8',
          'Cache-Control': 'no-store',
          'X-Accel-Buffering': 'no',
        });
      }
      last = event;
      response.write(`event: ${event.type}\nid: ${event.id}\ndata: ${JSON.stringify(event)}\n\n`);
    };
    const heartbeat = setInterval(() => {
      if (response.headersSent && !response.destroyed) response.write(': keep-alive\n\n');
    }, HEARTBEAT_MS);
    try {
      await dispatcher.call({
        tool: 'send_chat_message',
        input: { ...z.record(z.string(), z.unknown()).parse(request.body ?? {}), session_id: request.params['id'] },
        principal: principalOf(request),
        door: 'rest',
        traceId,
        signal: abortOnClose(response),
        confirmed: true,
        emit,
      });
      if (!response.headersSent) throw new AppError('INTERNAL_ERROR', 'The agent answered without a single event.');
    } catch (thrown) {
      if (!response.headersSent) throw thrown;
      // The agent tells its own failures as an event; what failed around it is told here.
      const error = asAppError(thrown);
      if (last?.type !== 'error')
        emit({ id: (last?.id ?? 0) + 1, type: 'error', code: error.code, message: error.sentence, trace_id: traceId });
    } finally {
      clearInterval(heartbeat);
    }
    response.end();
  });
  return router;
}
