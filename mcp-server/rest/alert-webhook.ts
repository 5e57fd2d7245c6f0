import { Router, type RequestHandler } from 'express';
import { AppError } from '../../backend/model/errors.ts';
import { type AlertIntake, Taken, WebhookPayload } from '../../backend/collectors/alerts/history/intake.ts';
import type { WebhookCluster, WebhookSecrets } from '../../backend/collectors/alerts/history/webhook-secrets.ts';
import { jsonBody } from '../http/json-body.ts';
import { bearerOf } from '../identity/identity.ts';

/** Product contract: 2 MiB. */
const BODY_LIMIT = 2 * 1024 * 1024;
const RETRY_SECONDS = 5;

/** For OpenAPI. */
export const WEBHOOK_BODY = WebhookPayload;
export const WEBHOOK_ANSWER = Taken;

export interface WebhookOptions {
  readonly intake: AlertIntake;
  readonly secrets: Pick<WebhookSecrets, 'verify'>;
}

/**
 * `POST /alerts/webhook/{cluster_id}` and `/alerts/webhook`, for Alertmanagers. Public but for the cluster's own secret, which
 * is checked before the body is read. Answers once the notification is stored: 200 means that it outlives us. Alertmanager
 * tries again after a 5xx only, so 503 is for what a repeat cures.
 */
export function alertWebhook({ intake, secrets }: WebhookOptions): Router {
  const router = Router();
  const senders = new WeakMap<object, WebhookCluster>();
  const authenticate: RequestHandler = async (request, response, next) => {
    try {
      const id = request.params['cluster_id'];
      const secret = bearerOf(request.headers.authorization);
      senders.set(request, await secrets.verify(secret, id === undefined ? undefined : String(id)));
    } catch (error) {
      response.setHeader('WWW-Authenticate', 'Bearer realm="aiops-nextgen webhook"');
      throw error;
    }
    next();
  };
  const receive: RequestHandler = async (request, response) => {
    const cluster = senders.get(request);
    if (!cluster) throw new Error('a webhook passed without its sender');
    const body: unknown = request.body;
    if (request.params['cluster_id'] === undefined) requireSame(intake.clusterNamedBy(body), cluster);
    try {
      response.setHeader('Cache-Control', 'no-store');
      response.json(await intake.take(cluster, body));
    } catch (error) {
      if (error instanceof AppError && error.status === 503) response.setHeader('Retry-After', String(RETRY_SECONDS));
      throw error;
    }
  };
  const handlers = [authenticate, ...jsonBody(BODY_LIMIT), receive];
  router.post('/alerts/webhook', ...handlers);
  router.post('/alerts/webhook/:cluster_id', ...handlers);
  return router;
}

/** A secret speaks for its own cluster only. */
function requireSame(named: string, cluster: WebhookCluster): void {
  if (named === cluster.name || named === cluster.id) return;
  throw new AppError(
    'AUTH_FAILED',
    'The label "cluster" of the alerts names another cluster than the secret belongs to.',
    {
      hint: 'Use the secret of that cluster, or send to /alerts/webhook/{cluster_id}.',
    },
  );
}
