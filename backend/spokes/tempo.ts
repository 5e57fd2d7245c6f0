import { unexpectedStatus } from './spoke-error.ts';
import type { CallLimits, SpokeResponse, SpokeTarget, Transport } from './transport.ts';

/** The HTTP API of Tempo 2.x and 3.x, alone or behind the gateway of a TempoStack. Throws SPOKE_ERROR and the transport's errors. */
export interface TempoClient {
  /** Resolves when it answers queries; throws an AppError that says why not. */
  ready(target: SpokeTarget, limits: CallLimits): Promise<void>;
  /** Resolves when it answers a question that takes permission; throws an AppError that says why not. */
  authorized(target: SpokeTarget, limits: CallLimits): Promise<void>;
}

const SERVICE = 'Tempo';
const FORBIDDEN = 403;

export function createTempoClient(transport: Transport): TempoClient {
  return {
    authorized: async (target, limits) => {
      const query = new URLSearchParams({ limit: '1' });
      const answer = await transport.request(target, { ...limits, path: '/api/search', query });
      if (answer.status !== 200) throw unexpectedStatus(SERVICE, answer.status, answer.body);
    },
    ready: async (target, limits) => {
      const ask = (path: string, query?: URLSearchParams): Promise<SpokeResponse> =>
        transport.request(target, { ...limits, path, ...(query ? { query } : {}) });
      if ((await ask('/ready')).status === 200) return;
      // A gateway passes /api only; one with RBAC on queries forbids even /api/echo and lets searches through (wire.md 4.6).
      const echo = await ask('/api/echo');
      if (echo.status === 200) return;
      const answer = echo.status === FORBIDDEN ? await ask('/api/search', new URLSearchParams({ limit: '1' })) : echo;
      if (answer.status !== 200) throw unexpectedStatus(SERVICE, answer.status, answer.body);
    },
  };
}
