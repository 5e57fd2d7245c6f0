import { describe, expect, it } from 'vitest';
import { storedLabels } from './metric-model.ts';
import type { Labels, Target } from './metric-model.ts';
import { DEMO_CLUSTERS } from './specs.ts';
import type { ClusterSpec } from './specs.ts';
import { createWorld } from './world.ts';
import type { World } from './world.ts';

const EPOCH = Date.UTC(2026, 2, 1, 10) / 1000;
const OPTIONS = { seed: 'test', epoch: EPOCH, incidentDelaySeconds: 60 };

interface NamedSeries {
  readonly id: string;
  readonly target: Target;
  readonly counts: boolean;
  value(time: number): number | undefined;
}

const identity = (labels: Labels) =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .sort()
    .join(' ');

function seriesOf(world: World): NamedSeries[] {
  return world.targets.flatMap((target) =>
    target.families.flatMap(({ name, type, samples }) =>
      samples.map(({ suffix, labels, value }) => ({
        id: `${name}${suffix} ${identity(storedLabels(target, labels))}`,
        target,
        counts: type === 'counter' || type === 'histogram',
        value,
      })),
    ),
  );
}

const specNamed = (name: string): ClusterSpec => {
  const spec = DEMO_CLUSTERS.find((one) => one.name === name);
  if (!spec) throw new Error(name);
  return spec;
};

describe('world', () => {
  it.each(DEMO_CLUSTERS.map((spec) => [spec.name, spec] as const))(
    '%s has unique series, at most 600 with those of the scrape',
    (_, spec) => {
      const world = createWorld(spec, OPTIONS);
      const ids = seriesOf(world).map((series) => series.id);
      expect(new Set(ids).size).toBe(ids.length);
      // Prometheus adds five series of its own to every target.
      expect(ids.length + 5 * world.targets.length).toBeLessThanOrEqual(600);
      expect(new Set(world.targets.map((target) => target.path)).size).toBe(world.targets.length);
    },
  );

  it('shows the same values for the same seed and others for another', () => {
    const spec = specNamed('prod-eu-1');
    const times = [EPOCH - 80_000, EPOCH, EPOCH + 1234.5];
    const values = (seed: string) =>
      seriesOf(createWorld(spec, { ...OPTIONS, seed })).map((series) => [
        series.id,
        ...times.map((time) => series.value(time)),
      ]);
    expect(values('test')).toEqual(values('test'));
    expect(values('test')).not.toEqual(values('other'));
  });

  it('does not depend on which times were asked before', () => {
    const spec = specNamed('prod-eu-1');
    const asked = seriesOf(createWorld(spec, OPTIONS));
    for (const series of asked) for (const time of [EPOCH + 900, EPOCH + 5, EPOCH + 301.25]) series.value(time);
    const fresh = seriesOf(createWorld(spec, OPTIONS));
    for (const time of [EPOCH + 301.25, EPOCH + 600]) {
      expect(asked.map((series) => series.value(time))).toEqual(fresh.map((series) => series.value(time)));
    }
  });

  it.each(DEMO_CLUSTERS.map((spec) => [spec.name, spec] as const))(
    '%s has counters that only fall when their process restarts',
    (_, spec) => {
      const world = createWorld(spec, OPTIONS);
      for (const { id, counts, target, value } of seriesOf(world)) {
        if (!counts) continue;
        const pod = world.inventory.pods.find((one) => id.includes(one.name));
        let last = -1;
        let lastStart = 0;
        const falls: number[] = [];
        for (let time = EPOCH - 3600; time <= EPOCH + 400; time += time < EPOCH ? 60 : 1) {
          const current = value(time);
          if (!target.isUp(time) || current === undefined) continue;
          const start = pod?.startedAt(time) ?? 0;
          if (start === lastStart && !(current >= last)) falls.push(time);
          last = current;
          lastStart = start;
        }
        expect(falls, id).toEqual([]);
        expect(last, id).toBeGreaterThanOrEqual(0);
      }
    },
  );

  it('keeps every histogram cumulative, with count equal to the last bucket and to the requests', () => {
    const world = createWorld(specNamed('prod-eu-1'), OPTIONS);
    const storefront = world.targets.find((target) => target.job === 'storefront');
    const families = new Map(storefront?.families.map((family) => [family.name, family.samples]));
    const latencies = families.get('http_request_duration_seconds') ?? [];
    for (const time of [EPOCH - 7200, EPOCH + 100, EPOCH + 500]) {
      for (const handler of ['/cart', '/products']) {
        const of = latencies.filter((one) => one.labels['handler'] === handler);
        const buckets = of.filter((one) => one.suffix === '_bucket').map((one) => one.value(time) ?? Number.NaN);
        expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
        const count = of.find((one) => one.suffix === '_count')?.value(time);
        expect(buckets.at(-1)).toBe(count);
        const requests = (families.get('http_requests_total') ?? []).filter((one) => one.labels['handler'] === handler);
        expect(requests.reduce((sum, one) => sum + (one.value(time) ?? 0), 0)).toBe(count);
      }
    }
  });

  it('renames clashing labels of an exporter as Prometheus does', () => {
    const world = createWorld(specNamed('prod-us-1'), OPTIONS);
    const dcgm = world.targets.find((target) => target.job === 'nvidia-dcgm-exporter');
    const [utilisation] = dcgm?.families.find((family) => family.name === 'DCGM_FI_DEV_GPU_UTIL')?.samples ?? [];
    expect(dcgm && utilisation && storedLabels(dcgm, utilisation.labels)).toMatchObject({
      pod: 'nvidia-dcgm-exporter-0',
      exported_pod: expect.stringMatching(/^llm-inference-/),
      exported_namespace: 'ml',
    });
  });

  it('tells of a card that is cut by its instances, each with the load of its engines and none with the card’s', () => {
    const { targets } = createWorld(specNamed('stage-1'), OPTIONS);
    const families = targets.find((target) => target.job === 'nvidia-dcgm-exporter')?.families ?? [];
    const of = (name: string) =>
      (families.find((family) => family.name === `DCGM_FI_${name}`)?.samples ?? []).map(({ labels, value }) => ({
        id: labels['GPU_I_ID'],
        profile: labels['GPU_I_PROFILE'],
        isHeld: labels['pod'] !== '',
        value: value(EPOCH),
      }));
    const parts = [
      { id: '1', profile: '3g.71gb', isHeld: true },
      { id: '2', profile: '3g.71gb', isHeld: false },
    ];
    expect(of('PROF_GR_ENGINE_ACTIVE')).toMatchObject(parts);
    expect(of('PROF_GR_ENGINE_ACTIVE')[0]?.value).toBeGreaterThan(0);
    expect(of('PROF_GR_ENGINE_ACTIVE')[1]?.value).toBe(0);
    expect(of('DEV_GPU_UTIL')).toEqual([]);
    const memory = ['DEV_FB_USED', 'DEV_FB_FREE', 'DEV_FB_RESERVED'].map((name) => of(name)[0]?.value ?? Number.NaN);
    expect(memory.every((mib) => mib > 0)).toBe(true);
    expect(memory.reduce((sum, mib) => sum + mib, 0)).toBe(71_885);
  });
});

describe('incident', () => {
  const world = createWorld(specNamed('prod-eu-1'), OPTIONS);
  const all = seriesOf(world);
  const one = (...parts: string[]) => {
    const found = all.filter((series) => parts.every((part) => series.id.includes(part)));
    const [first] = found;
    if (!first || found.length !== 1) throw new Error(`${found.length} series match ${parts.join(' ')}`);
    return (seconds: number) => first.value(EPOCH + seconds);
  };
  const memory = one('container_memory_working_set_bytes', '"checkout"');
  const limit = one('container_spec_memory_limit_bytes', '"checkout"')(0) ?? 0;
  const restarts = one('kube_pod_container_status_restarts_total', '"checkout"');
  const oomKilled = one('kube_pod_container_status_last_terminated_reason', 'OOMKilled');

  it('leaves the history before it calm', () => {
    for (let seconds = -86_400; seconds < 60; seconds += 60) {
      expect(memory(seconds)).toBeLessThan(limit * 0.45);
      expect(restarts(seconds)).toBe(0);
      expect(oomKilled(seconds)).toBeUndefined();
    }
  });

  it('fills the container up to its limit, kills it, and starts again', () => {
    expect(memory(60 + 71)).toBeGreaterThan(limit * 0.95);
    expect(memory(60 + 71)).toBeLessThanOrEqual(limit);
    expect(memory(60 + 75)).toBeUndefined();
    expect(oomKilled(60 + 75)).toBe(1);
    expect(restarts(60 + 91)).toBe(1);
    expect(memory(60 + 91)).toBeLessThan(limit * 0.45);
    expect(restarts(60 + 10 * 90 + 1)).toBe(10);
  });

  it('makes the caller fail and slow down, and nobody else', () => {
    const errorShare = (service: string, from: number, to: number) => {
      const increase = (code: string) =>
        all
          .filter(
            (series) =>
              series.id.startsWith('http_requests_total') &&
              series.id.includes(`"${service}"`) &&
              series.id.includes(`"${code}"`),
          )
          .reduce((sum, { value }) => sum + (value(EPOCH + to) ?? 0) - (value(EPOCH + from) ?? 0), 0);
      return increase('503') / (increase('200') + increase('503'));
    };
    expect(errorShare('storefront', -600, 0)).toBeLessThan(0.01);
    expect(errorShare('storefront', 150, 1050)).toBeGreaterThan(0.06);
    expect(errorShare('catalog', 150, 1050)).toBeLessThan(0.01);
  });

  it('happens in no other cluster', () => {
    for (const spec of DEMO_CLUSTERS.filter((other) => other.name !== 'prod-eu-1')) {
      const { pods } = createWorld(spec, OPTIONS).inventory;
      expect(pods.filter((pod) => pod.isDown(EPOCH + 140))).toEqual([]);
    }
  });
});
