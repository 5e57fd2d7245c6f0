import { describe, expect, it } from 'vitest';
import type { AlertEpisode } from '../../../backend/model/alert.ts';
import type { Exemplar } from '../../../backend/model/metrics.ts';
import { alert, cluster, uuid } from '../../test-support.ts';
import { bandsOf, marksOf } from './bands-and-marks.ts';

const GRID = { start: 1000, end: 2000, step: 10 };
const ALPHA = cluster(1, 'alpha');
const iso = (seconds: number) => new Date(seconds * 1000).toISOString();

function episode(name: string, from: number, to: number | undefined, rest: Partial<AlertEpisode> = {}): AlertEpisode {
  return {
    ...alert(ALPHA, name),
    starts_at: iso(from),
    ...(to === undefined ? {} : { ends_at: iso(to) }),
    episode_id: uuid(9),
    first_seen_at: iso(from),
    last_seen_at: iso(to ?? from),
    flapping: false,
    announced: true,
    ...rest,
  };
}

function exemplar(at: number, value: string, rest: Partial<Exemplar> = {}): Exemplar {
  return { metric: { cluster: 'alpha' }, labels: {}, value, at, ...rest };
}

describe('bands of alerts', () => {
  it('are one for each name and cluster, in stretches that do not touch, within the chart', () => {
    const bands = bandsOf(
      [episode('Slow', 500, 1100), episode('Slow', 1050, 1200), episode('Slow', 1900, undefined)],
      GRID,
    );
    expect(bands).toHaveLength(1);
    expect(bands[0]).toMatchObject({
      name: 'Slow · alpha ×3',
      tone: 'warning',
      word: 'Warning',
      url: '/alerts/f?on=alpha',
    });
    expect(bands[0]?.spans).toEqual([
      [1000, 1200],
      [1900, 2000],
    ]);
  });

  it('stand worst first, then by how long they fired', () => {
    const bands = bandsOf(
      [
        episode('Short', 1000, 1010),
        episode('Long', 1000, 1900),
        episode('Worst', 1990, 1995, { severity: 'CRITICAL' }),
        episode('Over', 100, 200),
      ],
      GRID,
    );
    expect(bands.map(({ name }) => name)).toEqual(['Worst · alpha', 'Long · alpha', 'Short · alpha']);
  });
});

describe('marks of exemplars', () => {
  const told = { timeOf: (at: number) => `at ${at}`, urlOf: (id: string) => `/trace/${id}` };

  it('are the highest of each stretch, in order of time, with the trace they lead to', () => {
    const marks = marksOf(
      [
        exemplar(1990, '0.5', { trace_id: 'a'.repeat(32), labels: { trace_id: 'A' } }),
        exemplar(1001, '0.1'),
        exemplar(1002, '0.3'),
        exemplar(999, '9'),
        exemplar(1500, 'NaN'),
      ],
      GRID,
      'seconds',
      told,
    );
    expect(marks.map(({ at, value, url }) => [at, value, url])).toEqual([
      [1002, 0.3, undefined],
      [1990, 0.5, `/trace/${'a'.repeat(32)}`],
    ]);
    expect(marks.map(({ text }) => text)).toEqual([
      'Exemplar at 1002: 300 ms, alpha, without a trace',
      'Exemplar at 1990: 500 ms, alpha, trace_id=A',
    ]);
  });

  it('are no more than fit beside each other', () => {
    const many = Array.from({ length: 1001 }, (_, n) => exemplar(1000 + n, String(n)));
    expect(marksOf(many, GRID, 'none', told).length).toBeLessThanOrEqual(41);
  });
});
