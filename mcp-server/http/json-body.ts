import express, { type RequestHandler } from 'express';
import { AppError } from '../../backend/model/errors.ts';

export const DEFAULT_BODY_LIMIT = 1024 * 1024;

/** Parses a JSON object body up to `limit` bytes. An absent body is an empty object. */
export function jsonBody(limit = DEFAULT_BODY_LIMIT): RequestHandler[] {
  return [
    (request, _response, next) => {
      const hasBody =
        request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
      if (hasBody && !request.is('application/json')) {
        throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'The request body must be application/json.', {
          hint: 'Set Content-Type: application/json.',
        });
      }
      next();
    },
    express.json({ limit }),
    (request, _response, next) => {
      const body: unknown = request.body ?? {};
      if (body === null || typeof body !== 'object' || Array.isArray(body)) {
        throw new AppError('VALIDATION_FAILED', 'The request body must be one JSON object.', {
          details: { issues: [{ field: '', message: 'must be an object' }] },
        });
      }
      next();
    },
  ];
}
