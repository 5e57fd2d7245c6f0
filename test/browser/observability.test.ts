import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MetricsAnswer } from '../../backend/model/metrics.ts';
import type { TraceAnswer, TraceSearchAnswer } from '../../backend/model/trace.ts';
import { type Demo, startDemo } from '../support/demo.ts';
import { rest } from '../support/server-process.ts';
import { expectSound, launchBrowser, LOOKS, SHOTS, type Visitor, visitWith } from './browser.ts';

let demo: Demo;
let browser: Browser;

beforeAll(async () => {
  mkdirSync(SHOTS, { recursive: true });
  [demo, browser] = await Promise.all([startDemo(), launchBrowser()]);
});

afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

function as(options: Parameters<typeof visitWith>[2], use: (visitor: Visitor) => Promise<void>): Promise<void> {
  return visitWith(browser, demo.url, options, use);
}

const metrics = (query: string, rest = '') => `${demo.url}/observability/metrics?q=${encodeURIComponent(query)}${rest}`;
const CPU = 'sum by (node) (rate(node_cpu_seconds_total{mode!="idle"}[5m]))';
/** A cluster that had nothing to say. */
const SILENT = {
  cluster_id: '00000000-0000-4000-8000-000000000001',
  cluster_name: 'hub-1',
  status: 'SUCCESS',
  query_time_ms: 1,
  cached: false,
  data: [],
};
/** As an answer would be: the fleet's servers keep no exemplars. */
const EXEMPLARS = {
  exemplars: [40, 20, 5].map((minutes) => ({
    metric: { cluster: 'hub-1' },
    labels: { trace_id: 'abcdef0123456789'.repeat(2) },
    value: '0.4',
    at: Date.now() / 1000 - minutes * 60,
    trace_id: 'abcdef0123456789'.repeat(2),
  })),
  total: 3,
  clusters: [],
  complete: true,
};
const HEALTHY = '&clusters=hub-1%2Cprod-eu-1%2Cprod-us-1';

describe.each(LOOKS)('metrics in $name', ({ name, options }) => {
  it('draws under the real content security policy: no axe violation, no sideways scroll, no problem', async () => {
    await as(options, async ({ page, problems }) => {
      const [from, to] = [3_600_000, 0].map((ago) => new Date(Date.now() - ago).toISOString());
      await page.route('**/api/v1/metrics/exemplars?*', (route) => route.fulfill({ json: EXEMPLARS }));
      await page.goto(metrics(CPU, `&from=${from}&to=${to}&alerts=true&exemplars=true`));
      await page.locator('[data-state="partial"]').waitFor(); // one Prometheus of the fleet is down
      await page.locator('.ts-plot canvas').waitFor();
      await page.locator('.ts-band').first().waitFor(); // the fleet's own alerts
      const diamond = page.locator('.ts-diamond').first();
      await diamond.focus();
      await page.keyboard.press('ArrowRight');
      expect(await page.locator('.ts-told').textContent()).toContain('trace_id=');
      const [plot, mark] = [await page.locator('.ts-plot .u-over').boundingBox(), await diamond.boundingBox()];
      expect(plot && mark && mark.x + 12 >= plot.x && mark.x + 12 <= plot.x + plot.width).toBe(true);
      await page.locator('.series-grid [role=rowheader]').first().waitFor();
      await expectSound(page);
      await page.screenshot({ path: path.join(SHOTS, `metrics-${name}.png`), fullPage: true });
      for (const what of name === 'dark' || name === '320' ? ['time range', 'clusters', 'queries asked before'] : []) {
        await page.getByRole('button', { name: what }).click();
        await page.locator('.pop-panel').waitFor();
        await expectSound(page);
        await page.keyboard.press('Escape');
      }
      expect(problems).toEqual([]);
    });
  });
});

/** The trace with most spans among the newest of a cluster. */
async function longTrace(): Promise<string> {
  const { body } = await rest(demo.url, 'POST', '/api/v1/traces/search', {
    body: { clusters: ['prod-us-1'], limit: 50 },
  });
  const { traces } = body as unknown as TraceSearchAnswer; // proof: the answer of this route
  return traces.toSorted((a, b) => (b.span_count ?? 0) - (a.span_count ?? 0))[0]?.trace_id ?? '';
}

describe.each(LOOKS)('traces in $name', ({ name, options }) => {
  it('search, calls and one trace: no axe violation, no sideways scroll, no problem', async () => {
    const id = await longTrace();
    await as(options, async ({ page, problems }) => {
      for (const [what, route, ready] of [
        ['search', '/observability/traces', '.grid-body [role=row]'],
        ['calls', '/observability/traces?show=services', '.grid-body [role=row]'],
        ['trace', `/observability/traces/${id}`, '.waterfall .grid-body [role=row]'],
      ] as const) {
        await page.goto(`${demo.url}${route}`);
        await page.locator(ready).first().waitFor();
        await expectSound(page);
        await page.screenshot({ path: path.join(SHOTS, `traces-${what}-${name}.png`), fullPage: true });
      }
      await page.locator('.waterfall .grid-body [role=row]').last().click();
      await page.locator('.span-panel').waitFor();
      await expectSound(page);
      await page.screenshot({ path: path.join(SHOTS, `traces-span-${name}.png`) });
      expect(problems).toEqual([]);
    });
  });
});

describe('traces', () => {
  it('leads from a search to the spans of a trace, as the API tells them, by keys alone', async () => {
    await as({}, async ({ page }) => {
      await page.goto(`${demo.url}/observability/traces?errors=true&clusters=prod-eu-1`);
      await page.locator('[data-state="ready"]').waitFor();
      const first = page.locator('.grid-body [tabindex="0"]');
      const href = (await first.getAttribute('href')) ?? '';
      const id = /traces\/([0-9a-f]{32})/.exec(href)?.[1] ?? '';
      await first.focus();
      await page.keyboard.press('Enter');
      await page.waitForURL(`**/observability/traces/${id}?**`);
      const { body } = await rest(demo.url, 'GET', `/api/v1/traces/${id}`);
      const answer = body as unknown as TraceAnswer; // proof: the answer of this route
      const grid = page.getByRole('treegrid');
      await grid.waitFor();
      expect(await grid.getAttribute('aria-rowcount')).toBe(String(answer.spans.length + 1));
      await page.locator('.waterfall .grid-body [tabindex="0"]').focus();
      await page.keyboard.press('End');
      await page.keyboard.press('Enter');
      await page.locator('.span-panel').waitFor();
      const shown = new URL(page.url()).searchParams.get('span');
      expect(answer.spans.map((span) => span.span_id)).toContain(shown);
      await page.getByRole('link', { name: 'Traces', exact: true }).click();
      await page.waitForURL('**/observability/traces?errors=true&clusters=prod-eu-1');
    });
  });

  it('draws at most 500 elements of ten thousand spans, at the beginning and at the end', async () => {
    const id = await longTrace();
    await as({}, async ({ page }) => {
      const { body } = await rest(demo.url, 'GET', `/api/v1/traces/${id}`);
      const answer = body as unknown as TraceAnswer; // proof: the answer of this route
      const [root] = answer.spans;
      if (!root) throw new Error('no span');
      const spans = Array.from({ length: 10_000 }, (_, n) => ({
        ...root,
        span_id: `s${n}`,
        ...(n === 0 ? {} : { parent_span_id: `s${Math.floor((n - 1) / 3)}` }),
      }));
      await page.route(`**/api/v1/traces/${id}*`, (route) =>
        route.fulfill({ json: { ...answer, spans, tree_of: { shown: 10_000, total: 10_000 } } }),
      );
      await page.goto(`${demo.url}/observability/traces/${id}`);
      await page.locator('[aria-rowcount="10001"]').waitFor();
      expect(await page.locator('.waterfall *').count()).toBeLessThanOrEqual(500);
      await page.locator('.waterfall .grid-body [tabindex="0"]').focus();
      await page.keyboard.press('End');
      await page.locator('[aria-rowindex="10001"]:focus').waitFor();
      expect(await page.locator('.waterfall *').count()).toBeLessThanOrEqual(500);
    });
  });

  it('marks where Tempo stops understanding a query', async () => {
    await as({}, async ({ page }) => {
      await page.goto(`${demo.url}/observability/traces?traceql=${encodeURIComponent('{ status = }')}`);
      await page.locator('[data-state="error"]').waitFor();
      expect(await page.locator('.field-problem').first().textContent()).toContain('INVALID_TRACEQL');
      await expectSound(page);
    });
  });
});

describe('metrics', () => {
  it('shows every value as the API sends it, and who did not answer', async () => {
    await as({}, async ({ page }) => {
      await page.goto(metrics('node_memory_MemTotal_bytes', '&kind=instant'));
      await page.locator('[data-state="partial"]').waitFor();
      const { body } = await rest(demo.url, 'POST', '/api/v1/metrics/query', {
        body: { query: 'node_memory_MemTotal_bytes' },
      });
      const answer = body as unknown as MetricsAnswer; // proof: the answer of this route
      const values = answer.results.flatMap(({ data }) => data.map((series) => series.values[0]?.[1]));
      expect(values.length).toBeGreaterThan(3);
      expect(await page.locator('.grid-body .cell-last').allTextContents()).toEqual(values);
      expect(await page.locator('.banner').first().textContent()).toContain('3 of 4 clusters answered');
      expect(await page.locator('.banner').first().textContent()).toContain('edge-lab-1');
      expect(await page.getByText(`≥ ${values.length} series`).isVisible()).toBe(true);
      await page.getByText('3 of 4 clusters answered whole').click();
      await page.getByRole('row', { name: /edge-lab-1.*(?:Error|Skipped)/ }).waitFor();
    });
  });

  it('keeps query, kind, range, zone and clusters in the URL, and asks as it stands there', async () => {
    await as({}, async ({ page }) => {
      await page.goto(`${demo.url}/observability/metrics`);
      await page.locator('[data-state="idle"]').waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('up');
      await page.keyboard.press('Control+Enter');
      await page.locator('[data-state="partial"]').waitFor();
      await page.getByRole('link', { name: 'Instant' }).click();
      await page.getByRole('button', { name: 'time range' }).click();
      await page.getByRole('link', { name: '15m', exact: true }).click();
      await page.getByRole('button', { name: 'clusters' }).click();
      await page.getByLabel('hub-1').check();
      await page.getByRole('button', { name: 'Ask 1' }).click();
      await page.locator('[data-state="ready"]').waitFor();
      expect(new URL(page.url()).search).toBe('?q=up&kind=instant&from=-15m&to=now&clusters=hub-1');
      await page.reload();
      await page.locator('[data-state="ready"]').waitFor();
      const names = await page.locator('.grid-body [role=rowheader]').allTextContents();
      expect(names.length).toBeGreaterThan(0);
      expect(names.every((name) => name.includes('cluster="hub-1"'))).toBe(true);
      await page.getByRole('button', { name: 'queries asked before' }).click();
      await page.getByRole('button', { name: 'up', exact: true }).waitFor();
    });
  });

  it('marks where a query is wrong, and asks nobody', async () => {
    await as({}, async ({ page }) => {
      await page.goto(metrics('sum(up))'));
      await page.locator('[data-state="error"]').waitFor();
      expect(await page.locator('.error-mark').textContent()).toBe(')');
      expect(await page.locator('.field-problem').first().textContent()).toContain('INVALID_PROMQL');
      expect(await page.getByLabel('PromQL query').getAttribute('aria-invalid')).toBe('true');
      await expectSound(page);
      await page.screenshot({ path: path.join(SHOTS, 'metrics-error.png') });
    });
  });

  it.each([
    ['denied', 403, { error: { code: 'PERMISSION_DENIED', message: 'No.', details: { permission: 'metrics:read' } } }],
    ['error', 504, { error: { code: 'QUERY_TIMEOUT', message: 'Too late.', details: {}, trace_id: 'abc' } }],
    ['empty', 200, { results: [SILENT], complete: true, notes: ['A <b>note</b>.'] }],
    ['partial', 206, { results: [{ ...SILENT, status: 'TIMEOUT' }], complete: false, notes: [] }],
  ])('is sound in the state %s', async (state, status, json) => {
    await as({ colorScheme: 'dark' }, async ({ page }) => {
      await page.route('**/api/v1/metrics/query_range', (route) => route.fulfill({ status, json }));
      await page.goto(metrics('up'));
      await page.locator(`[data-state="${state}"]`).waitFor();
      await page.getByText('Asking the clusters').waitFor({ state: 'detached' });
      await expectSound(page);
      expect(await page.locator('.ts-chart, [role=grid]').count()).toBe(0);
    });
  });

  it('suggests names that exist, taken by keys alone', async () => {
    await as({}, async ({ page }) => {
      await page.goto(`${demo.url}/observability/metrics`);
      await page.locator('[data-state="idle"]').waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('node_memory_MemAv');
      await page.getByRole('option', { name: 'node_memory_MemAvailable_bytes' }).waitFor();
      await expectSound(page);
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      expect(await page.getByLabel('PromQL query').inputValue()).toBe('node_memory_MemAvailable_bytes');
    });
  });

  it('is read point by point with arrow keys, and has a twin with every value', async () => {
    await as({}, async ({ page }) => {
      await page.goto(metrics('node_load1', `${HEALTHY}&tz=utc&from=-5m&to=now`));
      await page.locator('.ts-plot canvas').waitFor();
      const plot = page.getByRole('slider');
      await plot.focus();
      await page.keyboard.press('End');
      const last = await plot.getAttribute('aria-valuetext');
      expect(last).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d: .+ \d/);
      await page.keyboard.press('ArrowLeft');
      expect(await plot.getAttribute('aria-valuetext')).not.toBe(last);
      await page.keyboard.press('ArrowDown');
      expect(await plot.getAttribute('aria-valuetext')).toContain('line 2 of');
      await page.keyboard.press('Enter');
      await page.locator('.picked').waitFor();
      await page.getByText('As a table').click();
      await page.getByRole('region', { name: 'as a table' }).getByRole('row').nth(1).waitFor();
      expect(await page.getByText('Times in UTC').first().isVisible()).toBe(true);
      await expectSound(page);
    });
  });

  it('cancels a running query at the server', async () => {
    await as({}, async ({ page }) => {
      let closed = false;
      await page.route('**/api/v1/metrics/query_range', () => undefined); // never answered
      page.on('requestfailed', () => (closed = true));
      await page.goto(metrics('up'));
      await page.locator('[data-state="loading"]').waitFor();
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.locator('[data-state="cancelled"]').waitFor();
      expect(closed).toBe(true);
    });
  });

  it('paints twenty lines of 1,440 points within 100 ms, and text of a spoke stays text', async () => {
    await as({}, async ({ page, problems }) => {
      const { body } = await rest(demo.url, 'POST', '/api/v1/metrics/query_range', {
        body: { query: 'node_load1', start: '-1h', clusters: ['hub-1'] },
      });
      const answer = body as unknown as MetricsAnswer; // proof: the answer of this route
      const end = Math.floor(Date.now() / 60_000) * 60;
      const start = end - 1439 * 60;
      const data = Array.from({ length: 20 }, (_, n) => ({
        metric: { __name__: 'x', line: n === 0 ? '<img src=x onerror=alert(1)>' : String(n) },
        values: Array.from({ length: 1440 }, (_point, i) => [start + i * 60, String(n + Math.sin(i / 50))]),
      }));
      const big = { ...answer, results: [{ ...answer.results[0], data }], range: { start, end, step: 60 } };
      await page.route('**/api/v1/metrics/query_range', (route) => route.fulfill({ json: big }));
      await page.goto(metrics('x', '&clusters=hub-1'));
      await page.locator('.ts-plot canvas').waitFor();
      expect(await page.locator('main img').count()).toBe(0);
      const times: number[] = [];
      for (let n = 0; n < 5; n += 1) times.push(await page.evaluate<number>(PAINT));
      const median = times.sort((a, b) => a - b)[2] ?? Infinity;
      expect(median, times.join(', ')).toBeLessThanOrEqual(100);
      expect(problems).toEqual([]);
    });
  });
});

/** Takes the chart away by another zone and measures until the new one is painted, in ms. */
const PAINT = `new Promise((resolve) => {
  const old = document.querySelector('.ts-plot canvas');
  const begun = performance.now();
  const seen = new MutationObserver(() => {
    const now = document.querySelector('.ts-plot canvas');
    if (!now || now === old) return;
    seen.disconnect();
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begun)));
  });
  seen.observe(document.querySelector('.ts-plot'), { childList: true, subtree: true });
  const url = new URL(location.href);
  if (url.searchParams.get('tz') === 'utc') url.searchParams.delete('tz');
  else url.searchParams.set('tz', 'utc');
  const link = document.createElement('a');
  link.href = url.pathname + url.search;
  document.body.append(link);
  link.click();
  link.remove();
})`;
