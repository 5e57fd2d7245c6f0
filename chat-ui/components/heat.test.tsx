import fc from 'fast-check';
import { LocationProvider } from 'preact-iso';
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, describe, expect, it } from 'vitest';
import { CELLS_IN_LINE, type HeatCell, type HeatRow, heatStep, lineHeight, linesOf } from './heat.ts';
import { Heatmap, HeatLegend } from './Heatmap.tsx';

const value = (n: number, share: number, mark?: HeatCell['mark']): HeatCell => ({
  name: `GPU ${n}`,
  value: { kind: 'value', text: String(Math.round(share * 100)), share },
  words: `utilisation ${Math.round(share * 100)} %`,
  mark,
});
const unknown = (n: number): HeatCell => ({ name: `GPU ${n}`, value: { kind: 'unknown' }, words: 'not told' });

function row(name: string, cells: readonly HeatCell[], note?: HeatRow['note']): HeatRow {
  return { key: name, name, place: 'alpha', url: `/gpu/alpha/${name}`, cells, note };
}

const ROWS = [
  row('w1', [value(0, 0), value(1, 0.5, 'warning'), unknown(2), value(3, 1, 'critical')]),
  row('w2', [], { kind: 'gap', text: 'No exporter: 8 GPUs cannot be read' }),
  row('w3', [], { kind: 'none', text: 'No GPUs' }),
];

describe('the scale', () => {
  it('has no colour for nothing, the first for next to nothing and the last for everything', () => {
    expect([0, 0.001, 0.16, 0.17, 0.5, 0.99, 1, 1.2].map(heatStep)).toEqual([0, 1, 1, 2, 4, 6, 6, 6]);
  });

  it('never falls while the value rises', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 2, noNaN: true }), fc.double({ min: 0, max: 2, noNaN: true }), (a, b) => {
        expect(Math.sign(heatStep(a) - heatStep(b)) * Math.sign(a - b)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('lines', () => {
  it('hold every cell once and in order, eight at most, and one line at least', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 70 }), { maxLength: 20 }), (counts) => {
        const rows = counts.map((count, r) =>
          row(
            `w${r}`,
            Array.from({ length: count }, (_, n) => unknown(n)),
          ),
        );
        const lines = linesOf(rows);
        expect(lines.flatMap(({ cells }) => cells)).toEqual(rows.flatMap(({ cells }) => cells));
        expect(new Set(lines.map(({ key }) => key)).size).toBe(rows.length);
        expect(lines.every(({ cells }) => cells.length <= CELLS_IN_LINE)).toBe(true);
      }),
    );
  });

  it('are so high that no screen shows more than 34', () => {
    for (const screen of [640, 800, 1080, 1440, 2160, 4320]) {
      expect(screen / lineHeight(false, screen)).toBeLessThanOrEqual(34);
      expect(lineHeight(true, screen)).toBeGreaterThanOrEqual(56);
    }
  });
});

describe('Heatmap', () => {
  const root = document.createElement('div');
  afterEach(() => void act(() => render(null, root)));

  function draw(): HTMLElement[][] {
    document.body.replaceChildren(root);
    void act(() =>
      render(
        <LocationProvider>
          <Heatmap label="Utilisation" rowTitle="Node" cellTitle="GPU" rows={ROWS} />
          <HeatLegend title="utilisation" edges={['20', '40', '60', '80', '95']} unit="%" />
        </LocationProvider>,
        root,
      ),
    );
    return [...root.querySelectorAll('.grid-body [role=row]')].map((line) => [
      ...line.querySelectorAll<HTMLElement>('[role=gridcell]'),
    ]);
  }
  const press = (key: string): void =>
    void act(() => {
      document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    });

  it('gives zero, a value, what is not told, no exporter and no GPUs looks and words of their own', () => {
    const [first, second, third] = draw();
    expect(first?.map((cell) => [cell.textContent, cell.className.replace(/cell(-heat-\d)? ?/g, '')])).toEqual([
      ['0', 'heat heat-0'],
      ['50', 'heat heat-4 mark-warning'],
      ['?', 'heat heat-unknown'],
      ['100', 'heat heat-6 mark-critical'],
      ['', ''],
    ]);
    expect(first?.[1]?.getAttribute('aria-label')).toBe('GPU 1: utilisation 50 %');
    expect(second?.map((cell) => [cell.textContent, cell.getAttribute('aria-colspan')])).toEqual([
      ['No exporter: 8 GPUs cannot be read', '8'],
    ]);
    expect(second?.[0]?.className).toContain('heat-gap');
    expect([third?.[0]?.textContent, third?.[0]?.className]).toEqual([
      'No GPUs',
      'cell cell-heat-0 heat-note heat-none',
    ]);
    expect(root.querySelector('.heat-legend')?.textContent).toBe('0< 20< 40< 60< 80< 9595+%? not told');
  });

  it('is moved in cell by cell, never into a cell that is not there, and opens its row', () => {
    draw();
    root.querySelector<HTMLElement>('.grid-body [tabindex="0"]')?.focus();
    for (const key of ['ArrowRight', 'ArrowRight']) press(key);
    expect(document.activeElement?.getAttribute('aria-label')).toBe('GPU 1: utilisation 50 %');
    press('ArrowDown');
    expect(document.activeElement?.textContent).toBe('No exporter: 8 GPUs cannot be read');
    expect(root.querySelectorAll('.grid-body [tabindex="0"]')).toHaveLength(1);
    press('ArrowUp');
    press('End');
    expect(document.activeElement?.getAttribute('aria-label')).toBe('No more on w1');
    press('Enter');
    expect(location.pathname).toBe('/gpu/alpha/w1');
  });

  it('opens the row of a cell that is clicked', () => {
    draw();
    void act(() => root.querySelectorAll<HTMLElement>('.heat-gap')[0]?.click());
    expect(location.pathname).toBe('/gpu/alpha/w2');
  });
});
