import { existsSync } from 'node:fs';
import path from 'node:path';
import express, { Router } from 'express';
import { AppError } from '../../backend/model/errors.ts';

/** Paths that belong to programs: what is not there is a 404 in JSON, never a page. */
const NOT_PAGES = /^\/(?:api|mcp|ws|auth|oauth|\.well-known)(?:\/|$)/;

/** The built UI: hashed assets for a year, the page itself never cached, every unknown page path answered by the app. */
export function staticUi(folder: string): Router {
  const router = Router();
  const index = path.join(folder, 'index.html');
  router.get('/favicon.ico', (_request, response) => {
    response.redirect(301, '/favicon.svg'); // asked for by pages that name no icon, such as /docs
  });
  router.use('/assets', express.static(path.join(folder, 'assets'), { immutable: true, maxAge: '1y', index: false }));
  router.use(express.static(folder, { index: false, maxAge: 0 }));
  router.get('/{*path}', (request, response, next) => {
    if (!request.accepts('html') || NOT_PAGES.test(request.path) || path.extname(request.path) !== '') {
      next();
      return;
    }
    if (!existsSync(index))
      throw new AppError('NOT_FOUND', 'The user interface is not built.', {
        hint: 'Run npm run build, or use the API at /docs.',
      });
    response.setHeader('Cache-Control', 'no-store');
    response.sendFile(index);
  });
  return router;
}
