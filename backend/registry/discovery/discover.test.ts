import { describe, expect, it } from 'vitest';
import { ClusterCreate } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import { ManualClock } from '../../platform/clock.ts';
import type { ApiGroup, KubernetesClient, ListRequest } from '../../spokes/kubernetes.ts';
import type { SpokeTarget } from '../../spokes/transport.ts';
import { newRow, toCluster } from '../cluster-rows.ts';
import { discover } from './discover.ts';

const target: SpokeTarget = {
  clusterId: 'c',
  kind: 'API',
  url: 'https://api.example',
  tls: { insecure_skip_verify: false },
};

/** A client whose answers are written down: groups, and lists by resource. Everything else hangs until it is aborted. */
function setUp({ groups, lists }: { groups?: ApiGroup[]; lists: Record<string, unknown[] | AppError> }) {
  const clock = new ManualClock();
  const asked: string[] = [];
  const hang = (signal: AbortSignal | undefined) =>
    new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));
  const client: Pick<KubernetesClient, 'groups' | 'list' | 'version' | 'get'> = {
    groups: (_target, { signal }) => (groups ? Promise.resolve(groups) : hang(signal)),
    list: <T>(_target: SpokeTarget, request: ListRequest<T>) => {
      asked.push(`${request.group}/${request.version}/${request.resource}`);
      const answer = lists[request.resource];
      if (answer instanceof AppError) return Promise.reject(answer);
      if (!answer) return hang(request.signal);
      return Promise.resolve({
        items: answer.map((item) => request.item.parse(item)),
        resourceVersion: '1',
        truncated: false,
      });
    },
    version: (_target, { signal }) => hang(signal),
    get: () => Promise.resolve(undefined),
  };
  const kubernetes = client as KubernetesClient; // proof: discovery asks nothing else; anything else would be a TypeError
  const input = ClusterCreate.parse({ name: 'scripted', api_server_url: target.url });
  const cluster = toCluster(newRow(input, { source: 'MANUAL', source_key: null }, clock.now()), null);
  const run = (signal?: AbortSignal) =>
    discover(
      cluster,
      { spokes: { kubernetes, target: () => Promise.resolve(target) }, clock },
      signal ? { signal } : {},
    );
  return { clock, asked, run };
}

const core: ApiGroup = { name: '', versions: ['v1'] };

describe('discover', () => {
  it('ends within 15 s with what it has, when some of it hangs', async () => {
    const { clock, run } = setUp({ groups: [core], lists: { namespaces: [{ metadata: { name: 'amf-1' } }] } });
    let done = false;
    const running = run().finally(() => (done = true));
    await clock.advance(15_000);
    expect(done).toBe(false);
    await clock.advance(250);
    const { capabilities, platform_version } = await running;
    expect(capabilities).toMatchObject({ cnf_types: ['AMF'], has_odf: false, node_count: null, has_thanos: null });
    expect(capabilities.unknown).toContainEqual({ field: 'node_count', reason: 'list nodes: no answer within 15 s' });
    expect(platform_version).toBeNull();
  });

  it('fails when nothing answers at all', async () => {
    const { clock, run } = setUp({ lists: {} });
    const running = expect(run()).rejects.toMatchObject({
      code: 'DISCOVERY_FAILED',
      message: 'Nothing could be discovered on scripted: list the API groups: no answer within 15 s.',
    });
    await clock.advance(15_250);
    await running;
  });

  it('does not ask for kinds whose group is not there, and takes the version that is', async () => {
    const groups = [core, { name: 'tempo.grafana.com', versions: ['v1beta1'] }];
    const lists = { nodes: [], namespaces: [], services: [], tempostacks: [{ metadata: { name: 't' } }] };
    const missing = new AppError('SPOKE_ERROR', 'no such kind', { details: { reason: 'NOT_FOUND' } });
    const { clock, asked, run } = setUp({ groups, lists: { ...lists, tempomonolithics: missing } });
    const running = run();
    await clock.advance(15_250);
    expect((await running).capabilities).toMatchObject({ has_tempo: true, has_loki: false, unknown: [] });
    expect(asked.sort()).toEqual([
      '/v1/namespaces',
      '/v1/nodes',
      '/v1/services',
      'tempo.grafana.com/v1beta1/tempomonolithics',
      'tempo.grafana.com/v1beta1/tempostacks',
    ]);
  });

  it('rejects with the reason of whoever aborts it', async () => {
    const { run } = setUp({ groups: [core], lists: {} });
    const stop = new AbortController();
    const running = run(stop.signal);
    stop.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
  });
});
