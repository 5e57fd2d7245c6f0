import { z } from 'zod';
import { parseJson, spokeError, unexpectedStatus } from './spoke-error.ts';
import type { CallLimits, SpokeTarget, Transport } from './transport.ts';

const GettableAlert = z.object({
  fingerprint: z.string(),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()).default({}),
  startsAt: z.iso.datetime({ offset: true }),
  endsAt: z.iso.datetime({ offset: true }),
  generatorURL: z.string().optional(),
  status: z.object({ silencedBy: z.array(z.string()).default([]), inhibitedBy: z.array(z.string()).default([]) }),
});

export interface AlertmanagerAlert {
  /** 16 hex digits over the labels, external labels included (wire.md 2.2). */
  readonly fingerprint: string;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  /** ISO 8601. */
  readonly startsAt: string;
  /** ISO 8601; of a firing alert in the future: when it counts as resolved if nothing is heard of it. */
  readonly endsAt: string;
  readonly generatorURL: string | undefined;
  /** Ids of silences. */
  readonly silencedBy: readonly string[];
  /** Fingerprints of the alerts that inhibit it. */
  readonly inhibitedBy: readonly string[];
}

/** Alertmanager API v2. Throws SPOKE_ERROR for what it says wrong, and the transport's errors. */
export interface AlertmanagerClient {
  /** All alerts that are not resolved: active, silenced and inhibited. */
  alerts(target: SpokeTarget, limits: CallLimits): Promise<AlertmanagerAlert[]>;
  /** Resolves when it answers; throws an AppError that says why not. */
  ready(target: SpokeTarget, limits: CallLimits): Promise<void>;
}

const SERVICE = 'Alertmanager';

export function createAlertmanagerClient(transport: Transport): AlertmanagerClient {
  return {
    alerts: async (target, limits) => {
      const response = await transport.request(target, { ...limits, path: '/api/v2/alerts' });
      if (response.status !== 200) throw unexpectedStatus(SERVICE, response.status, response.body, response.headers);
      const parsed = z.array(GettableAlert).safeParse(parseJson(SERVICE, response));
      if (!parsed.success) {
        const path = parsed.error.issues[0]?.path.join('.') ?? '';
        throw spokeError(`${SERVICE} answered with alerts that its API does not promise (at ${path}).`, {
          reason: 'SHAPE',
          status: 200,
        });
      }
      return parsed.data.map(({ status, generatorURL, ...alert }) => ({ ...alert, generatorURL, ...status }));
    },
    ready: async (target, limits) => {
      const { status } = await transport.request(target, { ...limits, path: '/-/ready', maxBytes: 65_536 });
      if (status === 200) return;
      // Routes in front of Alertmanager often pass /api only.
      const response = await transport.request(target, { ...limits, path: '/api/v2/status', maxBytes: 1_048_576 });
      if (response.status !== 200) throw unexpectedStatus(SERVICE, response.status, response.body, response.headers);
    },
  };
}
