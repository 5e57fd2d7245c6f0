import { unexpectedStatus } from './spoke-error.ts';
import type { CallLimits, SpokeTarget, Transport } from './transport.ts';

/** The HTTP API of Loki 3.x, alone or behind the gateway of a LokiStack. Throws SPOKE_ERROR and the transport's errors. */
export interface LokiClient {
  /** Resolves when it answers queries; throws an AppError that says why not. */
  ready(target: SpokeTarget, limits: CallLimits): Promise<void>;
  /** Resolves when it answers a question that takes permission; throws an AppError that says why not. */
  authorized(target: SpokeTarget, limits: CallLimits): Promise<void>;
}

const SERVICE = 'Loki';

export function createLokiClient(transport: Transport): LokiClient {
  async function authorized(target: SpokeTarget, limits: CallLimits): Promise<void> {
    const query = new URLSearchParams({ since: '5m' });
    const answer = await transport.request(target, { ...limits, path: '/loki/api/v1/labels', query });
    if (answer.status !== 200) throw unexpectedStatus(SERVICE, answer.status, answer.body);
  }

  return {
    authorized,
    ready: async (target, limits) => {
      const { status } = await transport.request(target, { ...limits, path: '/ready', maxBytes: 65_536 });
      // A gateway does not route /ready (wire.md 3.5), so a cheap question has the last word.
      if (status !== 200) await authorized(target, limits);
    },
  };
}
