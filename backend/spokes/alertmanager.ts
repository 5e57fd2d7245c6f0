import { z } from 'zod';
import { AppError, quoteForeign } from '../model/errors.ts';
import type { SilenceMatcher, SilenceState } from '../model/silence.ts';
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

const GettableSilence = z.object({
  id: z.string(),
  status: z.object({ state: z.enum(['active', 'pending', 'expired']) }),
  startsAt: z.iso.datetime({ offset: true }),
  endsAt: z.iso.datetime({ offset: true }),
  createdBy: z.string().default(''),
  comment: z.string().default(''),
  matchers: z.array(
    z.object({ name: z.string(), value: z.string(), isRegex: z.boolean(), isEqual: z.boolean().default(true) }),
  ),
});

export interface AlertmanagerSilence extends NewSilence {
  readonly id: string;
  readonly state: SilenceState;
}

export interface NewSilence {
  readonly matchers: readonly SilenceMatcher[];
  /** ISO 8601. A start in the past counts as now. */
  readonly startsAt: string;
  readonly endsAt: string;
  readonly createdBy: string;
  readonly comment: string;
}

/** Alertmanager API v2. Throws SPOKE_ERROR for what it says wrong, and the transport's errors. */
export interface AlertmanagerClient {
  /** All alerts that are not resolved: active, silenced and inhibited; those that match every filter (`name="value"`). */
  alerts(
    target: SpokeTarget,
    limits: CallLimits & { readonly filters?: readonly string[] },
  ): Promise<AlertmanagerAlert[]>;
  /** Expired ones included. */
  silences(
    target: SpokeTarget,
    limits: CallLimits & { readonly filters?: readonly string[] },
  ): Promise<AlertmanagerSilence[]>;
  /** Returns the id. */
  createSilence(target: SpokeTarget, silence: NewSilence, limits: CallLimits): Promise<string>;
  /** Also of one that is over already. Throws SILENCE_NOT_FOUND. */
  expireSilence(target: SpokeTarget, id: string, limits: CallLimits): Promise<void>;
  /** Resolves when it answers; throws an AppError that says why not. */
  ready(target: SpokeTarget, limits: CallLimits): Promise<void>;
}

const SERVICE = 'Alertmanager';
const STATES = { active: 'ACTIVE', pending: 'PENDING', expired: 'EXPIRED' } as const;

/** What an error body says: a bare JSON string, or `{"code", "message"}` where a schema was broken (wire.md 2.1). */
function saidIn(body: Buffer): string | undefined {
  try {
    const parsed = z
      .union([z.string(), z.object({ message: z.string() })])
      .safeParse(JSON.parse(body.toString('utf8')));
    if (!parsed.success) return undefined;
    return typeof parsed.data === 'string' ? parsed.data : parsed.data.message;
  } catch {
    return undefined; // not JSON: a proxy's page, quoted as any other
  }
}

function refusal(status: number, body: Buffer): AppError {
  const said = saidIn(body);
  if (said === undefined || status === 401 || status === 403 || status === 429)
    return unexpectedStatus(SERVICE, status, body);
  return spokeError(`${SERVICE} refuses (${status}): ${quoteForeign(said)}.`, { reason: 'REFUSED', status });
}

function shapeError(what: string): AppError {
  return spokeError(`${SERVICE} answered ${what}.`, { reason: 'SHAPE', status: 200 });
}

export function createAlertmanagerClient(transport: Transport): AlertmanagerClient {
  async function list<T>(
    target: SpokeTarget,
    { filters = [], ...limits }: CallLimits & { readonly filters?: readonly string[] },
    what: 'alerts' | 'silences',
    schema: z.ZodType<T>,
  ): Promise<T[]> {
    const query = new URLSearchParams();
    for (const filter of filters) query.append('filter', filter);
    const response = await transport.request(target, { ...limits, path: `/api/v2/${what}`, query });
    if (response.status !== 200) throw refusal(response.status, response.body);
    const parsed = z.array(schema).safeParse(parseJson(SERVICE, response));
    if (parsed.success) return parsed.data;
    throw shapeError(`with ${what} that its API does not promise (at ${parsed.error.issues[0]?.path.join('.') ?? ''})`);
  }

  return {
    alerts: async (target, limits) =>
      (await list(target, limits, 'alerts', GettableAlert)).map(({ status, generatorURL, ...alert }) => ({
        ...alert,
        generatorURL,
        ...status,
      })),
    silences: async (target, limits) =>
      (await list(target, limits, 'silences', GettableSilence)).map(({ status, matchers, ...silence }) => ({
        ...silence,
        state: STATES[status.state],
        matchers: matchers.map(({ name, value, isRegex, isEqual }) => ({
          name,
          value,
          is_regex: isRegex,
          is_equal: isEqual,
        })),
      })),
    createSilence: async (target, { matchers, ...silence }, limits) => {
      const wire = matchers.map(({ name, value, is_regex, is_equal }) => ({
        name,
        value,
        isRegex: is_regex,
        isEqual: is_equal,
      }));
      const response = await transport.request(target, {
        ...limits,
        method: 'POST',
        path: '/api/v2/silences',
        json: { ...silence, matchers: wire },
      });
      if (response.status !== 200) throw refusal(response.status, response.body);
      const parsed = z.object({ silenceID: z.string() }).safeParse(parseJson(SERVICE, response));
      if (parsed.success) return parsed.data.silenceID;
      throw shapeError('without the id of the silence that it was to make');
    },
    expireSilence: async (target, id, limits) => {
      const response = await transport.request(target, {
        ...limits,
        method: 'DELETE',
        path: `/api/v2/silence/${encodeURIComponent(id)}`,
      });
      if (response.status === 200) return;
      // 0.25 answers 500 with a text; from 0.26 on it is 404 (wire.md 2.1). 422 and 400 are for what is no UUID.
      const gone = response.status === 500 && /silence not found/i.test(saidIn(response.body) ?? '');
      if (response.status === 404 || gone)
        throw new AppError('SILENCE_NOT_FOUND', 'This Alertmanager has no silence of that id.', {
          hint: 'GET /api/v1/alerts/silences lists them.',
        });
      throw refusal(response.status, response.body);
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
