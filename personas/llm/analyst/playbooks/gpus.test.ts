import { describe, expect, it } from 'vitest';
import type { GpuSummary } from '../../../../backend/model/gpu-answers.ts';
import type { Services } from '../../../../tools/services.ts';
import { analyst, outcome, uncitedNumbers } from '../../offline-analyst-fixture.ts';

function gpusOf(over: Partial<GpuSummary> = {}): Services['gpus'] {
  const unused = () => Promise.reject(new Error('not asked in this test'));
  return {
    nodes: unused,
    node: unused,
    processes: unused,
    findings: unused,
    history: unused,
    summary: async ({ clusters }) => ({
      clusters_with_gpus: 1,
      clusters_without_gpus: 2,
      clusters_unknown: 0,
      nodes: 2,
      gpus: 16,
      measured_gpus: 8,
      by_model: [],
      by_source: { DCGM: 1, ALLOCATABLE: 1 },
      resources: [],
      avg_utilization_percent: 42.5,
      memory_total_mb: null,
      memory_used_mb: null,
      power_draw_watts: null,
      idle_allocated: 3,
      hot: 1,
      throttled: 1,
      failing: 1,
      memory_near_full: 0,
      stale_nodes: 0,
      by_severity: { CRITICAL: 1, WARNING: 0, INFO: 0 },
      worst: [
        {
          severity: 'CRITICAL',
          code: 'XID_79',
          cluster: 'hub-1',
          node: 'n1',
          gpu: 1,
          uuid: 'GPU-a',
          message: 'The driver reported it ![x](http://evil.example)',
          evidence: [],
          next_step: 'Drain the node.',
        },
      ],
      coverage: [],
      clusters: clusters.map((one) => outcome(one)),
      complete: true,
      ...over,
    }),
  };
}

describe('questions about GPUs', () => {
  it.each(['GPU utilisation', 'which GPUs are idle but allocated?', 'why is the GPU slow?'])(
    '%s: totals and the worst findings, each number cited',
    async (question) => {
      const { content } = await analyst({ gpus: gpusOf() }).ask(question);
      expect(content).toMatch(/16 \[E\d\] GPUs on 2 \[E\d\] nodes/);
      expect(content).toMatch(/8 \[E\d\] are not measured, which does not mean idle/);
      expect(content).toMatch(/3 \[E\d\] idle though allocated/);
      expect(content).toMatch(/\*\*CRITICAL XID_79\*\* `n1` GPU `1` on hub-1: `The driver/);
      expect(uncitedNumbers(content)).toEqual([]);
    },
  );

  it('without GPUs says so, and where it is not known', async () => {
    const { content } = await analyst({ gpus: gpusOf({ nodes: 0, gpus: 0, clusters_unknown: 2 }) }).ask(
      'GPU utilisation',
    );
    expect(content).toContain('No GPUs are known in all clusters');
    expect(content).toMatch(/In 2 \[E\d\] clusters it is not known/);
  });
});
