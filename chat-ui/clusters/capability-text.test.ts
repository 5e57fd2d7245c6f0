import { describe, expect, it } from 'vitest';
import { capabilities } from '../test-support.ts';
import { capabilityChips, capabilityFacts } from './capability-text.ts';

describe('capabilities in words', () => {
  it('name what there is, the most telling first', () => {
    const rich = capabilities({
      has_gpu_nodes: true,
      gpu_count: 8,
      has_cnf_workloads: true,
      cnf_types: ['VDU'],
      has_loki: true,
    });
    expect(capabilityChips(rich)).toEqual(['8 GPUs', 'CNF VDU', 'Loki']);
  });

  it('never take what is not known for "no", and say why it is not', () => {
    const partial = capabilities({
      has_gpu_nodes: null,
      gpu_count: null,
      has_odf: null,
      unknown: [{ field: 'has_gpu_nodes', reason: 'nodes: forbidden' }],
    });
    const facts = new Map(capabilityFacts(partial).map((f) => [f.field, f]));
    expect(capabilityChips(partial)).toEqual([]);
    expect(facts.get('has_gpu_nodes')).toMatchObject({ value: undefined, reason: 'nodes: forbidden' });
    expect(facts.get('has_odf')).toMatchObject({ value: undefined, reason: 'No reason was recorded.' });
    expect(facts.get('has_loki')).toMatchObject({ value: 'No', reason: undefined });
    expect(facts.get('gpu_types')?.value).toBe('None');
    expect(facts.get('node_roles')?.value).toBe('3 worker');
  });
});
