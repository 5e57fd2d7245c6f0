import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprintOf } from './fingerprint.ts';

describe('fingerprint', () => {
  it('is what Alertmanager computed for these alerts', () => {
    expect(fingerprintOf({ alertname: 'Manual' })).toBe('e415ab29abbfb632');
    expect(
      fingerprintOf({
        severity: 'critical',
        job: 'dead',
        instance: '127.0.0.1:19999',
        cluster: 'lab',
        alertname: 'TargetDown',
      }),
    ).toBe('910f1021ce1f8c4a');
  });

  it('does not depend on the order of labels', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }), (labels) => {
        expect(fingerprintOf(Object.fromEntries(Object.entries(labels).toReversed()))).toBe(fingerprintOf(labels));
      }),
    );
  });
});
