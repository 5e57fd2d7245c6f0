import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DEMO_CLUSTERS } from '../../specs.ts';
import { createWorld } from '../../world.ts';
import { KINDS, groupVersionOf } from '../kinds.ts';
import { KubeObject } from '../store.ts';
import { clusterObjects } from './cluster-objects.ts';

const EPOCH = 1_780_000_000;

function objectsOf(name: string, time = EPOCH) {
  const spec = DEMO_CLUSTERS.find((one) => one.name === name);
  if (!spec) throw new Error(`no ${name}`);
  const { inventory } = createWorld(spec, { seed: 'test', epoch: EPOCH, incidentDelaySeconds: 0 });
  const objects = clusterObjects(inventory, EPOCH, time);
  return { spec, inventory, objects, of: (kind: string) => objects.filter((object) => object.kind === kind) };
}

describe('objects of a simulated cluster', () => {
  it.each(DEMO_CLUSTERS.map(({ name }) => name))('are all of kinds that %s has, each once', (name) => {
    const { spec, objects } = objectsOf(name);
    for (const object of objects) {
      KubeObject.parse(object);
      const kind = KINDS.find((one) => one.kind === object.kind && groupVersionOf(one) === object.apiVersion);
      expect(kind, `${object.apiVersion} ${object.kind}`).toBeDefined();
      expect(object.metadata.namespace !== undefined).toBe(kind?.namespaced);
      if (kind?.feature) expect(spec.features).toContain(kind.feature);
    }
    const places = objects.map(({ apiVersion, kind, metadata: m }) =>
      [apiVersion, kind, m.namespace, m.name].join(' '),
    );
    expect(new Set(places).size).toBe(places.length);
  });

  it('have GPUs and their labels on the node that the metrics show them on', () => {
    const { of, inventory } = objectsOf('prod-us-1');
    const node = z.object({
      metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()) }),
      status: z.object({ allocatable: z.record(z.string(), z.string()) }),
    });
    const withGpus = of('Node')
      .map((object) => node.parse(object))
      .filter(({ status }) => status.allocatable['nvidia.com/gpu'] !== undefined);
    expect(withGpus.map(({ metadata }) => metadata.name)).toEqual([inventory.nodes.at(-1)?.name]);
    expect(withGpus[0]?.status.allocatable['nvidia.com/gpu']).toBe('4');
    expect(withGpus[0]?.metadata.labels['nvidia.com/gpu.count']).toBe('4');
    expect(of('ClusterPolicy')).toHaveLength(1);
  });

  it('show the incident as the kubelet does, at the time of the metrics', () => {
    const checkout = (time: number) => {
      const { of } = objectsOf('prod-eu-1', time);
      const pod = of('Pod').find(({ metadata }) => metadata.name.startsWith('checkout-'));
      const status = z.object({
        containerStatuses: z.array(
          z.object({
            ready: z.boolean(),
            restartCount: z.int(),
            state: z.looseObject({}),
            lastState: z.looseObject({}),
          }),
        ),
      });
      return { ...status.parse(pod?.['status']).containerStatuses[0], events: of('Event').length };
    };
    expect(checkout(EPOCH - 10)).toMatchObject({ ready: true, restartCount: 0, lastState: {}, events: 0 });
    expect(checkout(EPOCH + 80)).toMatchObject({
      ready: false,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { reason: 'OOMKilled', exitCode: 137 } },
      events: 4,
    });
    expect(checkout(EPOCH + 100)).toMatchObject({ ready: true, restartCount: 1 });
  });

  it('tell OpenShift, plain Kubernetes and a radio site apart', () => {
    expect(objectsOf('hub-1').of('ClusterVersion')).toHaveLength(1);
    expect(objectsOf('stage-1').of('ClusterVersion')).toHaveLength(0);
    const edge = objectsOf('edge-lab-1');
    expect(edge.of('SriovNetworkNodeState')).toHaveLength(1);
    expect(edge.of('PtpConfig')).toHaveLength(1);
    expect(edge.of('Namespace').map(({ metadata }) => metadata.name)).toEqual(
      expect.arrayContaining(['cu-site-1', 'du-site-1', 'openshift-ptp', 'pos']),
    );
  });
});
