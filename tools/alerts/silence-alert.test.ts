import { describe, expect, it } from 'vitest';
import type { NewSilenceRequest } from '../../backend/collectors/alerts/silences.ts';
import type { Principal } from '../../backend/model/access.ts';
import { testCluster } from '../../backend/model/test-cluster.ts';
import { ManualClock } from '../../backend/platform/clock.ts';
import { createLogger } from '../../backend/platform/logger.ts';
import { createMetrics } from '../../backend/platform/metrics.ts';
import { fixedRegistry } from '../../backend/registry/test-registry.ts';
import { createDispatcher } from '../dispatch.ts';
import type { Services } from '../services.ts';
import { rotateWebhookSecret } from './rotate-webhook-secret.ts';
import { silenceAlert } from './silence-alert.ts';

const fleet = [testCluster('edge-1'), testCluster('hub-1')];
const ADA: Principal = { id: 'token:1', display_name: 'Ada', role: 'operator', scope: { selector: '' } };
const INPUT = {
  clusters: ['edge-1'],
  matchers: ['alertname="Down"', 'pod!="x"'],
  duration: '2h',
  comment: 'New disks',
};

function dispatcher() {
  const asked: NewSilenceRequest[] = [];
  const services: Partial<Services> = {
    registry: fixedRegistry(fleet),
    silences: {
      list: () => Promise.reject(new Error('not asked for')),
      expire: () => Promise.reject(new Error('not asked for')),
      create: async (request) => {
        asked.push(request);
        return { silences: [], ends_at: '2026-03-01T12:00:00.000Z', clusters: [], complete: true };
      },
    },
    webhookSecrets: {
      rotate: async () => ({ secret: `aiops_hook_${'s'.repeat(43)}`, previous_until: null }),
      remove: async () => true,
    },
  };
  const { call } = createDispatcher({
    catalog: [silenceAlert, rotateWebhookSecret],
    services: services as Services, // proof: these tools use nothing else
    audit: { record: async () => undefined, list: async () => [] } as never, // proof: dispatch only records
    evidence: { put: () => Promise.reject(new Error('nothing is long')) } as never, // proof: never called
    metrics: createMetrics(),
    clock: new ManualClock(),
    logger: createLogger({ level: 'silent' }),
  });
  const run = (tool: string, input: object, over: { confirmed?: boolean; principal?: Principal } = {}) =>
    call({ tool, input, principal: ADA, door: 'mcp', traceId: 't', confirmed: true, ...over });
  return { asked, run };
}

describe('silence_alert', () => {
  it('asks a person first, naming matchers, clusters, duration and comment', async () => {
    const { asked, run } = dispatcher();
    await expect(run('silence_alert', INPUT, { confirmed: false })).rejects.toMatchObject({
      code: 'CONFIRMATION_REQUIRED',
      details: { question: 'Silence alerts with alertname="Down" and pod!="x" in edge-1 for 2h ("New disks")?' },
    });
    expect(asked).toEqual([]);
  });

  it('silences in the clusters named and in the name of the caller', async () => {
    const { asked, run } = dispatcher();
    await run('silence_alert', INPUT);
    expect(asked).toMatchObject([
      {
        createdBy: 'Ada (AIOps)',
        durationMs: 7_200_000,
        comment: 'New disks',
        matchers: [{ name: 'alertname' }, { name: 'pod', is_equal: false }],
      },
    ]);
    expect(asked[0]?.clusters.map(({ name }) => name)).toEqual(['edge-1']);
  });

  it.each([
    ['clusters', { clusters: undefined }],
    ['matchers', { matchers: [] }],
    ['matchers', { matchers: ['alertname=~".*"'] }],
    ['matchers.1', { matchers: ['a="b"', 'nonsense'] }],
    ['duration', { duration: '30s' }],
    ['duration', { duration: '31d' }],
    ['comment', { comment: '   ' }],
  ])('refuses %s in %j', async (field, over) => {
    const { asked, run } = dispatcher();
    const refused = await run('silence_alert', { ...INPUT, ...over }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'VALIDATION_FAILED', details: { issues: [{ field }] } });
    expect(asked).toEqual([]);
  });

  it('is not for a viewer', async () => {
    const viewer = { ...ADA, role: 'viewer' as const };
    await expect(dispatcher().run('silence_alert', INPUT, { principal: viewer })).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
  });
});

describe('rotate_webhook_secret', () => {
  it('shows the secret in its own field, and nowhere else', async () => {
    const { output, text } = await dispatcher().run('rotate_webhook_secret', { cluster: 'edge-1' });
    expect(output).toMatchObject({
      secret: `aiops_hook_${'s'.repeat(43)}`,
      path: `/api/v1/alerts/webhook/${fleet[0]?.id}`,
    });
    expect(text).not.toContain('sss');
  });
});
