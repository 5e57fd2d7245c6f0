import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Alert, AlertsAnswer } from '../../backend/model/alert.ts';
import type { LogsAnswer } from '../../backend/model/logs.ts';
import { type Demo, startDemo } from '../support/demo.ts';
import { eventually, rest } from '../support/server-process.ts';
import { expectSound, launchBrowser, LOOKS, SHOTS, type Visitor, visitWith } from './browser.ts';

let demo: Demo;
let browser: Browser;
/** An alert of the incident: it fires for as long as the fleet runs. */
let slow: Alert;

const fetchAlerts = async (query = ''): Promise<AlertsAnswer> => {
  const { body } = await rest(demo.url, 'GET', `/api/v1/alerts?limit=1000${query}`);
  return body as unknown as AlertsAnswer; // proof: the answer of this route
};

beforeAll(async () => {
  mkdirSync(SHOTS, { recursive: true });
  [demo, browser] = await Promise.all([startDemo(), launchBrowser()]);
  await eventually('the incident fires', async () => {
    const found = (await fetchAlerts('&state=FIRING')).alerts.find(
      ({ alertname }) => alertname === 'HttpErrorRateHigh',
    );
    if (found) slow = found;
    return found !== undefined;
  });
});

afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

function as(options: Parameters<typeof visitWith>[2], use: (visitor: Visitor) => Promise<void>): Promise<void> {
  return visitWith(browser, demo.url, options, use);
}

const SHOP = encodeURIComponent('{namespace="shop"}');
const rows = '.grid-body [role=row]';

// Dark and narrow together change nothing that each alone does not.
const looks = LOOKS.filter(({ name }) => name !== '320-dark');

describe.each(looks)('alerts and logs in $name', ({ name, options }) => {
  it('show every page under the real content security policy: no axe violation, no sideways scroll, no problem', async () => {
    await as(options, async ({ page, problems }) => {
      const alert = `/alerts/${slow.fingerprint}?on=prod-eu-1`;
      for (const [what, route, ready, press] of [
        ['now', '/alerts', rows, 'Namespace'],
        ['groups', '/alerts?group=cluster&open=prod-eu-1', rows, ''],
        ['history', '/alerts/history', rows, ''],
        ['silences', '/alerts/silences', '[data-state="empty"]', ''],
        ['alert', alert, '.panel', 'Silence…'],
        ['logs', `/observability/logs?q=${SHOP}&wrap=true`, '.log-row', 'Labels'],
        ['live', `/observability/logs?q=${SHOP}&show=live`, '.log-row', ''],
        ['errors', '/observability/logs?show=errors', '.silence', ''],
      ] as const) {
        await page.goto(`${demo.url}${route}`);
        await page.locator(ready).first().waitFor();
        if (what === 'logs') await page.locator('.log-row').first().click();
        await expectSound(page);
        await page.screenshot({ path: path.join(SHOTS, `alerts-${what}-${name}.png`) });
        if (press === '') continue;
        await page.getByRole('button', { name: press }).first().click();
        await page.locator('.pop-panel, dialog').first().waitFor();
        await expectSound(page);
        await page.screenshot({ path: path.join(SHOTS, `alerts-${what}-open-${name}.png`) });
      }
      expect(problems).toEqual([]);
    });
  });
});

describe('alerts', () => {
  it('are behind the numbers of the fleet page: the list adds up to the number', async () => {
    await as({}, async ({ page }) => {
      await page.goto(demo.url);
      const tile = page.locator('[data-cluster="prod-eu-1"] .firing');
      await tile.waitFor();
      const numbers = ((await tile.textContent()) ?? '').matchAll(/(\d+) (?:critical|warning|info)/g);
      const told = [...numbers].reduce((sum, [, n]) => sum + Number(n), 0);
      await tile.click();
      await page.waitForURL('**/alerts?state=firing&cluster=prod-eu-1');
      await page.locator(rows).first().waitFor();
      await eventually('the same number', async () => (await page.locator(rows).count()) === told);
      expect(await page.getByRole('button', { name: 'Firing' }).getAttribute('aria-pressed')).toBe('true');
    });
  });

  it('are silenced in the real Alertmanager, with words first, and heard again when that is ended', async () => {
    await as({}, async ({ page }) => {
      await page.goto(`${demo.url}/alerts/${slow.fingerprint}?on=prod-eu-1`);
      await page.getByRole('button', { name: 'Silence…' }).click();
      await page.locator('.statement').getByText('Now that is 1 alert').waitFor();
      await page.getByLabel('Why').fill('Being looked at');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Silence these alerts' }).focus();
      await page.keyboard.press('Enter');
      expect(await page.locator('dialog').count()).toBe(1);
      await page.keyboard.press('Space');
      await page.getByText('it covers 1 alert now').waitFor();
      const silences = async () => {
        const { body } = await rest(demo.url, 'GET', '/api/v1/alerts/silences?state=ACTIVE');
        return body['silences'] as { matchers: string[]; comment: string }[]; // proof: the answer of this route
      };
      expect(await silences()).toMatchObject([
        {
          matchers: ['alertname="HttpErrorRateHigh"', 'namespace="shop"', 'severity="critical"'],
          comment: 'Being looked at',
        },
      ]);
      await page.goto(`${demo.url}/alerts/silences`);
      await page.getByRole('button', { name: 'End', exact: true }).click();
      await page.getByRole('button', { name: 'End this silence' }).click();
      await page.locator('[data-state="empty"]').waitFor();
      expect(await silences()).toEqual([]);
    });
  });

  it('of ten thousand draw at most 500 elements, answer a keystroke within 60 ms, and keep the place of whoever reads', async () => {
    await as({}, async ({ page, context }) => {
      const answer = await fetchAlerts();
      const many = (n: number): Alert => ({
        ...slow,
        id: `many-${n}`,
        fingerprint: n.toString(16).padStart(16, '0'),
        labels: { ...slow.labels, namespace: `ns-${n % 50}` },
      });
      await page.route('**/api/v1/alerts?limit=1000*', (route) => {
        const from = Number(new URL(route.request().url()).searchParams.get('cursor') ?? 0);
        const alerts = Array.from({ length: 1000 }, (_, n) => many(from + n));
        const more = from + 1000 < 10_000 ? { next_cursor: String(from + 1000) } : {};
        return route.fulfill({ json: { ...answer, alerts, total: 10_000, ...more } });
      });
      let say = (_text: string): void => undefined;
      await page.routeWebSocket('**/ws', (socket) => {
        const real = socket.connectToServer();
        say = (text) => socket.send(text);
        socket.onMessage((message) => real.send(message));
        real.onMessage((message) => socket.send(message));
      });
      await page.goto(`${demo.url}/alerts`);
      await page.locator('[aria-rowcount="10001"]').waitFor();
      expect(await page.locator('.grid *').count()).toBeLessThanOrEqual(500);
      const field = page.getByRole('searchbox');
      await field.focus();
      const times: number[] = [];
      for (const key of ['9', '9', 'Backspace', 'Backspace', 'x']) times.push(await keystroke(page, key));
      const median = times.sort((a, b) => a - b)[2] ?? Infinity;
      expect(median, times.join(', ')).toBeLessThanOrEqual(60);
      await field.fill('');
      await page.locator('[aria-rowcount="10001"]').waitFor();
      const session = await context.newCDPSession(page);
      await session.send('HeapProfiler.collectGarbage');
      const { usedSize } = await session.send('Runtime.getHeapUsage');
      expect(usedSize).toBeLessThanOrEqual(60e6);

      await page.locator('.grid-body [tabindex="0"]').focus();
      await page.keyboard.press('Control+End');
      await page.locator('[aria-rowindex="10001"]').waitFor();
      expect(await page.locator('.grid *').count()).toBeLessThanOrEqual(500);
      const place = () => page.evaluate<string>('`${scrollY} ${document.activeElement.textContent}`');
      const before = await place();
      for (let n = 0; n < 200; n += 1) say(JSON.stringify({ type: 'event', event: fired(n) }));
      await page.getByRole('button', { name: '200 new' }).waitFor();
      expect(await place()).toBe(before);
      await page.screenshot({ path: path.join(SHOTS, 'alerts-200-new.png') });
      await page.getByRole('button', { name: '200 new' }).click();
      await page.locator('[aria-rowcount="10201"]').waitFor();
      expect(await page.evaluate<number>('scrollY')).toBe(0);
    });
  });

  it('lead into the chat with a question that is written and not sent', async () => {
    await as({}, async ({ page }) => {
      await page.goto(`${demo.url}/alerts?cluster=prod-eu-1&severity=critical`);
      await page.locator(rows).first().waitFor();
      await page.locator('.grid-body [tabindex="0"]').focus();
      await page.keyboard.press('Enter');
      await page.getByRole('link', { name: 'Investigate' }).click();
      await page.waitForURL('**/chat?clusters=prod-eu-1&ask=*');
      expect(await page.locator('#composer').inputValue()).toMatch(/^Why does the alert \w+ fire on prod-eu-1/);
      await page.goBack();
      await page.locator('.page-head').getByRole('link', { name: 'Alerts' }).click();
      await page.waitForURL('**/alerts?severity=critical&cluster=prod-eu-1');
    });
  });
});

let sequence = 1_000_000;
function fired(n: number): Record<string, unknown> {
  sequence += 1;
  return {
    event_id: `00000000-0000-4000-8000-${String(sequence).padStart(12, '0')}`,
    sequence,
    event_type: 'ALERT_FIRED',
    source: 'alerts',
    cluster_id: slow.cluster_id,
    cluster_name: slow.cluster_name,
    timestamp: new Date().toISOString(),
    payload: {
      episode_id: '00000000-0000-4000-8000-000000000000',
      fingerprint: `f${n.toString(16).padStart(15, '0')}`,
      alertname: `New${n}`,
      severity: 'CRITICAL',
      starts_at: new Date().toISOString(),
      silenced: false,
      inhibited: false,
      flapping: false,
      sources: ['ALERTMANAGER'],
    },
  };
}

/** From a key to the frame that shows what it did, in ms. */
async function keystroke(page: Page, key: string): Promise<number> {
  await page.evaluate(`window.took = new Promise((resolve) => addEventListener('input', () => {
    const begun = performance.now();
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begun)));
  }, { once: true, capture: true })), undefined`);
  await page.keyboard.press(key);
  return page.evaluate<number>('window.took');
}

describe('logs', () => {
  it('are the lines that the API tells, page after page, drawn in sight only', async () => {
    await as({}, async ({ page }) => {
      const end = new Date(Date.now() - 60_000).toISOString();
      const body = { query: '{namespace="shop"}', start: '-20m', end, limit: 1000, direction: 'FORWARD' };
      const first = await rest(demo.url, 'POST', '/api/v1/logs/query_range', { body });
      const { entries, next_cursor } = first.body as unknown as LogsAnswer; // proof: the answer of this route
      expect([entries.length, typeof next_cursor]).toEqual([1000, 'string']);
      const query = new URLSearchParams({ q: body.query, from: first.body['start'] as string, to: end }); // proof: the same
      await page.goto(`${demo.url}/observability/logs?${query.toString()}&limit=1000&dir=forward&wrap=true`);
      await page.locator('[aria-rowcount="1000"]').waitFor();
      const shown = await page.locator('.log-message').first().textContent();
      expect(shown).toBe(entries[0]?.message);
      expect(await page.locator('.log-view *').count()).toBeLessThanOrEqual(500);
      await page.locator('.log-row[tabindex="0"]').focus();
      await page.keyboard.press('End');
      await page.locator('.log-row[aria-rowindex="1000"]:focus').waitFor();
      expect(await page.locator('.log-row[aria-rowindex="1000"] .log-message').textContent()).toBe(
        entries.at(-1)?.message,
      );
      expect(await page.locator('.log-view *').count()).toBeLessThanOrEqual(500);
      await page.getByRole('button', { name: 'Newer' }).click();
      await page.locator('[aria-rowcount="2000"]').waitFor();
    });
  });

  it('lead from a line to its trace, and follow live without moving what is being read', async () => {
    await as({}, async ({ page }) => {
      const traced = encodeURIComponent('{namespace="shop"} |= "trace_id=" != "trace_id=-"');
      await page.goto(`${demo.url}/observability/logs?q=${traced}&show=live`);
      await page.locator('.log-row').first().waitFor();
      await page.locator('.log-row').first().focus();
      const text = () => page.locator('.log-row[aria-rowindex="1"] .log-message').textContent();
      const before = await text();
      await page.locator('.waiting-pill').waitFor();
      expect(await text()).toBe(before);
      await page.locator('.waiting-pill').click();
      await eventually('newer lines', async () => (await text()) !== before);
      await page.goto(`${demo.url}/observability/logs?q=${traced}&from=-30m&to=-2m`);
      await page.locator('.log-row').first().click();
      await page.getByRole('link', { name: 'Its trace' }).click();
      await page.getByRole('treegrid').waitFor();
    });
  });

  it('mark where a query is wrong, suggest labels, and draw what a metric query counts', async () => {
    await as({}, async ({ page }) => {
      await page.goto(`${demo.url}/observability/logs?q=${encodeURIComponent('{namespace="shop"} |= ')}`);
      await page.locator('[data-state="error"]').waitFor();
      expect(await page.locator('.field-problem').first().textContent()).toContain('INVALID_LOGQL');
      await expectSound(page);
      await page.getByLabel('LogQL query').fill('');
      await page.keyboard.type('{names');
      await page.getByRole('option', { name: 'namespace' }).waitFor();
      const counted = encodeURIComponent('sum by (pod) (count_over_time({namespace="shop"}[1m]))');
      await page.goto(`${demo.url}/observability/logs?q=${counted}&from=-15m&to=now`);
      await page.locator('.ts-plot canvas').waitFor();
      await expectSound(page);
    });
  });
});
