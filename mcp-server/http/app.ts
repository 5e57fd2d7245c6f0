import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { Clock } from '../../backend/platform/clock.ts';
import type { Logger } from '../../backend/platform/logger.ts';
import type { Metrics } from '../../backend/platform/metrics.ts';
import type { Store } from '../../backend/platform/store/store.ts';
import type { Dispatcher } from '../../tools/dispatch.ts';
import { type Identity, bearerOf } from '../identity/identity.ts';
import { type WebhookOptions, alertWebhook } from '../rest/alert-webhook.ts';
import { chatStream } from '../rest/chat-stream.ts';
import { docsRoutes } from '../rest/docs.ts';
import { openApiDocument } from '../rest/openapi.ts';
import { toolRoutes } from '../rest/tool-routes.ts';
import { inSpan } from '../tracing.ts';
import { VERSION } from '../version.ts';
import { errorHandler, notFound } from './errors.ts';
import { type Readiness, detailedHealth, healthRoutes } from './health.ts';
import type { OriginGuard } from './origin-guard.ts';
import { requestLog } from './request-log.ts';
import { beginRequest, stateOf } from './request-state.ts';
import { staticUi } from './static-ui.ts';
import { readTraceContext } from './trace.ts';

export interface AppOptions {
  readonly dispatcher: Dispatcher;
  readonly identity: Identity;
  readonly guard: OriginGuard;
  /** Left out = notifications of Alertmanagers are not taken. */
  readonly webhook?: WebhookOptions;
  readonly store: Store;
  readonly readiness: Readiness;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Folder of the built UI. */
  readonly uiFolder: string;
  /** Serve `/metrics` here; otherwise it has a listener of its own. */
  readonly serveMetrics: boolean;
  /** `/mcp`, with its own checks of what identity let through. */
  readonly mcp: (authenticate: RequestHandler) => RequestHandler;
}

/** The HTTP edge. Order matters: trace, log, headers, origin; public routes; identity; everything else; errors. */
export function createApp(options: AppOptions): Express {
  const { dispatcher, identity, guard, clock, logger, metrics } = options;
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.use((request, response, next) => {
    const { trace } = beginRequest(request, readTraceContext(request.headers));
    response.setHeader('X-Trace-Id', trace.traceId);
    inSpan(trace, `${request.method} ${request.path.split('/').slice(0, 4).join('/')}`, response, next);
  });
  app.use(requestLog({ clock, logger, metrics }));
  app.use(
    helmet({
      contentSecurityPolicy: { useDefaults: false, directives: CONTENT_SECURITY_POLICY },
      strictTransportSecurity: false,
    }),
  );
  app.use(healthRoutes(options)); // before the guard: probes come by the address of a pod
  app.use((request, _response, next) => {
    guard.check(request.headers);
    next();
  });

  app.use(docsRoutes(openApiDocument(dispatcher.tools, VERSION)));
  if (options.serveMetrics) app.get('/metrics', metricsHandler(metrics));
  const authenticate: RequestHandler = async (request, response, next) => {
    try {
      stateOf(request).principal = await identity.authenticate(bearerOf(request.headers.authorization));
    } catch (error) {
      response.setHeader('WWW-Authenticate', 'Bearer realm="aiops-nextgen"');
      throw error;
    }
    next();
  };
  app.use(options.mcp(authenticate));
  if (options.webhook) app.use('/api/v1', alertWebhook(options.webhook)); // with a secret of its own
  app.use(['/api', '/health/detailed'], authenticate);
  app.use(detailedHealth(options));
  app.use('/api/v1', (_request, response, next) => {
    response.setHeader('Cache-Control', 'no-store');
    next();
  });
  app.use('/api/v1', chatStream(dispatcher), toolRoutes(dispatcher));
  app.use(staticUi(options.uiFolder));
  app.use(notFound);
  app.use(errorHandler({ clock, logger }));
  return app;
}

/** No inline script, nothing from elsewhere. The UI connects to its own origin only. */
const CONTENT_SECURITY_POLICY = {
  defaultSrc: ["'self'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  objectSrc: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
};

export function metricsHandler(metrics: Metrics): RequestHandler {
  return async (_request, response) => {
    response.setHeader('Content-Type', metrics.registry.contentType);
    response.send(await metrics.registry.metrics());
  };
}
