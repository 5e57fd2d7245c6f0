import type { RequestHandler } from 'express';
import type { Clock } from '../../backend/platform/clock.ts';
import type { Logger } from '../../backend/platform/logger.ts';
import type { Metrics } from '../../backend/platform/metrics.ts';
import { stateOf } from './request-state.ts';

/** Probes ask every few seconds; a record of each would bury the rest. */
const QUIET: ReadonlySet<string> = new Set(['/health', '/ready', '/metrics']);

/** One log record and one set of metrics a request. Paths are route templates; query strings never reach the log. */
export function requestLog({
  clock,
  logger,
  metrics,
}: {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}): RequestHandler {
  return (request, response, next) => {
    const started = clock.monotonicMs();
    metrics.httpActive.inc();
    response.on('close', () => {
      metrics.httpActive.dec();
      const route = routeTemplate(request.originalUrl, request.route as unknown);
      const ms = clock.monotonicMs() - started;
      const { trace, principal } = stateOf(request);
      metrics.httpRequests.inc({ path: route, method: request.method, status: String(response.statusCode) });
      metrics.httpDuration.observe({ path: route, method: request.method }, ms / 1000);
      if (response.statusCode === 401) metrics.authFailures.inc();
      const record = {
        method: request.method,
        path: route,
        status: response.statusCode,
        duration_ms: Math.round(ms),
        user: principal?.id,
        trace_id: trace.traceId,
      };
      if (response.statusCode >= 500) logger.warn(record, 'request');
      else if (QUIET.has(route)) logger.debug(record, 'request');
      else logger.info(record, 'request');
    });
    next();
  };
}

/** express sets `route` on the matched request; static files and unknown paths have none and share one template. */
function routeTemplate(url: string, route: unknown): string {
  if (route !== null && typeof route === 'object' && 'path' in route && typeof route.path === 'string') {
    // The path of a route is below its mount, and `baseUrl` is already unwound when an answer closes.
    return url.startsWith('/api/v1/') ? `/api/v1${route.path}` : route.path;
  }
  return '(unmatched)';
}
