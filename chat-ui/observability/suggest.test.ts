import { describe, expect, it } from 'vitest';
import { createApiClient } from '../api/client.ts';
import { createCredential } from '../api/credential.ts';
import { errorResponse, fakeFetch, json, manualClock } from '../test-support.ts';
import { createSuggest, placeAt, rank } from './suggest.ts';

/** The cursor is at `|`. */
const at = (text: string) => placeAt(text.replace('|', ''), text.indexOf('|'));

describe('place of the cursor', () => {
  it.each([
    ['node_cp|', { kind: 'metric', prefix: 'node_cp', from: 0 }],
    ['rate(node_c|', { kind: 'metric', prefix: 'node_c', from: 5 }],
    ['up{|', { kind: 'label', prefix: '', from: 3, metric: 'up' }],
    ['up{job="a", in|', { kind: 'label', prefix: 'in', from: 12, metric: 'up' }],
    ['up{job=~"no|', { kind: 'value', prefix: 'no', from: 9, metric: 'up', label: 'job' }],
    ['{job="|', { kind: 'value', prefix: '', from: 6, metric: '', label: 'job' }],
    ['up{job="}", x|', { kind: 'label', prefix: 'x', from: 12, metric: 'up' }],
  ])('%s', (text, place) => {
    expect(at(text)).toEqual(place);
  });

  it.each(['u|', 'up{job="a"|', 'up{job|="a"} + 1 |', '1 + |'])('%s is nowhere in particular', (text) => {
    const place = at(text);
    expect(place === undefined || place.kind === 'label').toBe(true);
  });
});

describe('suggestions', () => {
  it('put what begins with the words first, shorter ones before longer', () => {
    expect(rank(['xup', 'up', 'upload_bytes', 'up_total', 'down'], 'up')).toEqual(['up_total', 'upload_bytes', 'xup']);
  });

  it('ask for each list once, and again after it failed', async () => {
    let respond = () => errorResponse(503, 'CLUSTER_UNREACHABLE');
    const { fetch, sent } = fakeFetch(() => respond());
    const suggest = createSuggest(
      createApiClient({ fetch, credential: createCredential(undefined), clock: manualClock() }),
    );
    expect((await suggest('hub-1', 'node_', 5))?.words).toEqual([]);
    respond = () => json({ values: ['node_load1', 'up'], total: 2, clusters: [], complete: true });
    expect(await suggest('hub-1', 'node_', 5)).toEqual({ what: 'metric names', words: ['node_load1'], from: 0, to: 5 });
    await suggest('hub-1', 'node_l', 6);
    expect(sent.map(({ path }) => path)).toEqual([
      '/metrics/label/__name__/values?limit=10000&clusters=hub-1',
      '/metrics/label/__name__/values?limit=10000&clusters=hub-1',
    ]);
  });
});
