import { describe, expect, it } from 'vitest';
import { parseToolsets } from './toolsets.ts';

const AVAILABLE = ['clusters', 'metrics', 'alerts'];

describe('parseToolsets', () => {
  it.each([undefined, '', ' , '])('means every toolset by %j', (text) => {
    expect(parseToolsets(text, AVAILABLE)).toEqual(AVAILABLE);
  });

  it('keeps the order of the catalog, whatever order was asked for, and drops repetitions', () => {
    expect(parseToolsets('alerts, clusters,alerts', AVAILABLE)).toEqual(['clusters', 'alerts']);
  });

  it('names every unknown toolset and what there is instead', () => {
    expect(() => parseToolsets('metric,alerts,gpu', AVAILABLE)).toThrow(
      expect.objectContaining({
        code: 'VALIDATION_FAILED',
        message: expect.stringMatching(/"metric", "gpu".*clusters, metrics, alerts/) as string,
      }),
    );
  });
});
