import { Router } from 'express';
import { asAppError } from '../../backend/model/errors.ts';
import type { Clock } from '../../backend/platform/clock.ts';
import type { Store } from '../../backend/platform/store/store.ts';
import { VERSION } from '../version.ts';

export interface Readiness {
  /** False from the moment a shutdown begins. */
  accepting: boolean;
}

/** `/health`: the process lives. `/ready`: it can serve. Both public and without detail; see {@link detailedHealth}. */
export function healthRoutes({ store, readiness }: { readonly store: Store; readonly readiness: Readiness }): Router {
  const router = Router();
  router.get('/health', (_request, response) => {
    response.json({ status: 'ok', version: VERSION });
  });
  router.get('/ready', async (_request, response) => {
    const ready =
      readiness.accepting &&
      (await store.ping().then(
        () => true,
        () => false,
      )); // the reason is in /health/detailed
    response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not ready' });
  });
  return router;
}

/** `/health/detailed`: each component with its latency in milliseconds and, when it fails, the reason. Needs a credential. */
export function detailedHealth({
  store,
  readiness,
  clock,
}: {
  readonly store: Store;
  readonly readiness: Readiness;
  readonly clock: Clock;
}): Router {
  const router = Router();
  router.get('/health/detailed', async (_request, response) => {
    const started = clock.monotonicMs();
    const error = await store.ping().then(
      () => undefined,
      (thrown: unknown) => asAppError(thrown).message,
    );
    const database = {
      status: error === undefined ? 'ok' : 'failed',
      kind: store.kind,
      latency_ms: Math.round(clock.monotonicMs() - started),
      ...(error === undefined ? {} : { error }),
    };
    const ok = error === undefined && readiness.accepting;
    response.status(ok ? 200 : 503).json({
      status: ok ? 'ok' : 'degraded',
      version: VERSION,
      accepting: readiness.accepting,
      uptime_s: Math.round(process.uptime()),
      components: { database },
    });
  });
  return router;
}
