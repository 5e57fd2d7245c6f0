import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import { AppError, asAppError, toErrorBody } from '../../backend/model/errors.ts';
import type { Clock } from '../../backend/platform/clock.ts';
import type { Logger } from '../../backend/platform/logger.ts';
import { stateOf } from './request-state.ts';

/** Writes the one error body. Does nothing more than end the connection when the answer has begun already. */
export function sendError(response: Response, error: AppError, clock: Clock): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { traceId } = stateOf(response.req).trace;
  response.status(error.status).json(toErrorBody(error, traceId, clock.now()));
}

export function errorHandler({
  clock,
  logger,
}: {
  readonly clock: Clock;
  readonly logger: Logger;
}): ErrorRequestHandler {
  return (thrown: unknown, request, response, _next) => {
    const error = fromBodyParser(thrown) ?? asAppError(thrown);
    if (error.code === 'INTERNAL_ERROR')
      logger.error({ err: error.cause ?? error, trace_id: stateOf(request).trace.traceId }, 'request failed');
    sendError(response, error, clock);
  };
}

export const notFound: RequestHandler = (request) => {
  throw new AppError('NOT_FOUND', `There is nothing at ${request.method} ${request.path.slice(0, 200)}.`, {
    hint: 'The routes are listed at /docs.',
  });
};

/** Errors that express's body parser throws, by their documented `type`. */
function fromBodyParser(thrown: unknown): AppError | undefined {
  if (thrown instanceof URIError) {
    return new AppError('VALIDATION_FAILED', 'The path of the request is not valid percent-encoding.', {
      hint: 'Encode it as UTF-8.',
    });
  }
  if (!(thrown instanceof Error) || !('type' in thrown)) return undefined;
  switch (thrown.type) {
    case 'entity.parse.failed':
      return new AppError('INVALID_JSON', 'The request body is not valid JSON.', { hint: 'Send one JSON object.' });
    case 'entity.too.large': {
      const limit = 'limit' in thrown ? Number(thrown.limit) : undefined;
      return new AppError('BODY_TOO_LARGE', `The request body is larger than ${limit} bytes.`, {
        details: { limit_bytes: limit },
        hint: 'Send less, or in parts.',
      });
    }
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return new AppError('UNSUPPORTED_MEDIA_TYPE', 'The encoding of the request body is not supported.', {
        hint: 'Send UTF-8 JSON.',
      });
    case 'request.aborted':
    case 'request.size.invalid':
      return new AppError('INVALID_JSON', 'The request body ended early.');
    default:
      return undefined;
  }
}
