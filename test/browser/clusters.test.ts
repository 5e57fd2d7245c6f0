import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ListedCluster } from '../../backend/model/cluster.ts';
import { type Demo, startDemo } from '../support/demo.ts';
import { eventually, rest } from '../support/server-process.ts';
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

const api = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', route: string, body?: unknown) =>
  rest(demo.url, method, `/api/v1${route}`, body === undefined ? {} : { body });

describe.each(LOOKS)('pages of clusters in $name', ({ name, options }) => {
  it.each([
    ['list', '/clusters', '.grid-body [role=row]'],
    ['detail', '/clusters/hub-1', '.panel'],
    ['add', '/clusters/_add', 'form'],
    ['edit', '/clusters/hub-1/edit', 'form'],
    ['credentials', '/clusters/hub-1/credentials', 'form'],
  ])('%s: no axe violation, no sideways scroll, no problem in the console', async (what, route, ready) => {
    await as(options, async ({ page, problems }) => {
      await page.goto(`${demo.url}${route}`);
      await page.locator('[data-state="ready"]').waitFor();
      await page.locator(ready).first().waitFor();
      await expectSound(page);
      await page.screenshot({ path: path.join(SHOTS, `cluster-${what}-${name}.png`), fullPage: true });
      expect(problems).toEqual([]);
    });
  });
});

describe('the list of clusters', () => {
  it('agrees with the API, moves by keys and opens with Enter', async () => {
    await as({}, async ({ page }) => {
      const { body } = await api('GET', '/clusters?page_size=100');
      const names = (body['items'] as ListedCluster[]).map((c) => c.name); // proof: the answer of this route
      await page.goto(`${demo.url}/clusters`);
      await page.locator('.grid-body [role=row]').first().waitFor();
      expect(await page.locator('.grid-body [role=rowheader]').allTextContents()).toEqual(names);
      expect(await page.locator('[role=grid]').getAttribute('aria-rowcount')).toBe(String(names.length + 1));
      await page.locator('.grid-body [tabindex="0"]').focus();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('Enter');
      await page.waitForURL(`**/clusters/${names[1]}`);
      await page.locator('h1:focus', { hasText: names[1] ?? '' }).waitFor();
      await page.goBack();
      await page.locator('.grid-body [role=row]').first().waitFor();
    });
  });

  it('keeps filters and sort in the URL, and every target is 24 px high', async () => {
    await as({}, async ({ page }) => {
      await page.goto(`${demo.url}/clusters`);
      await page.locator('.grid-body [role=row]').first().waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('prod');
      await page.waitForURL('**/clusters?name=prod');
      await page.getByLabel('Environment').selectOption('PRODUCTION');
      await page.getByRole('link', { name: 'Health' }).click();
      await page.waitForURL('**/clusters?name=prod&environment=PRODUCTION&sort=health');
      await page.reload();
      await page.locator('[aria-sort="ascending"]').waitFor();
      const names = await page.locator('.grid-body [role=rowheader]').allTextContents();
      expect(names.length).toBeGreaterThan(0);
      expect(names.every((name) => name.includes('prod'))).toBe(true);
      const small = await page
        .locator('main button, main input, main select, main a')
        .evaluateAll((all) => all.map((e) => e.getBoundingClientRect().height).filter((h) => h > 0 && h < 24));
      expect(small).toEqual([]);
    });
  });

  it('draws at most 500 elements of five thousand clusters, at the beginning and at the end', async () => {
    await as({}, async ({ page }) => {
      const { body } = await api('GET', '/clusters?page_size=1');
      const [sample] = body['items'] as ListedCluster[]; // proof: the answer of this route
      if (!sample) throw new Error('no cluster');
      await page.route('**/api/v1/clusters?**', (route) => {
        const number = Number(new URL(route.request().url()).searchParams.get('page'));
        const items = Array.from({ length: 100 }, (_, n) => {
          const serial = String((number - 1) * 100 + n).padStart(12, '0');
          return { ...sample, id: `00000000-0000-4000-8000-${serial}`, name: `c-${serial}` };
        });
        return route.fulfill({ json: { items, total: 5000, page: number, page_size: 100, total_pages: 50 } });
      });
      await page.goto(`${demo.url}/clusters`);
      await page.locator('[aria-rowcount="5001"]').waitFor();
      expect(await page.locator('.grid *').count()).toBeLessThanOrEqual(500);
      await page.locator('.grid-body [tabindex="0"]').focus();
      await page.keyboard.press('Control+End');
      await page.locator('[aria-rowindex="5001"] :focus, [aria-rowindex="5001"]:focus').waitFor();
      expect(await page.locator('.grid *').count()).toBeLessThanOrEqual(500);
      const visible = await page.evaluate<boolean>(
        '(() => { const b = document.activeElement.getBoundingClientRect(); return b.top >= 0 && b.bottom <= innerHeight })()',
      );
      expect(visible).toBe(true);
    });
  });
});

describe('one cluster', () => {
  it('is tested, then added; edited; maintained; and deleted after its name was typed', async () => {
    const simulated = demo.fleet.cluster('edge-lab-1');
    const registration = demo.fleet.registrations().find((r) => r.name === 'edge-lab-1');
    if (!registration) throw new Error('the fleet has no edge-lab-1');
    await as({}, async ({ page }) => {
      await page.goto(`${demo.url}/clusters/_add`);
      await page.getByRole('button', { name: 'Test' }).click();
      await page.locator('[aria-invalid="true"]').first().waitFor();
      await expectSound(page);
      await page.getByLabel('Name', { exact: true }).fill('browser-added');
      await page.getByLabel('API server URL').fill(registration.api_server_url);
      await page
        .getByLabel('Certificate authority (PEM)', { exact: false })
        .first()
        .fill(registration.tls?.ca ?? '');
      await page.getByLabel('Token of the API server').fill('not-the-token');
      await page.getByRole('button', { name: 'Test' }).click();
      await page.locator('[data-validation="invalid"]').waitFor();
      await expectSound(page);
      await page.screenshot({ path: path.join(SHOTS, 'cluster-add-refused.png'), fullPage: true });
      await page.getByLabel('Token of the API server').fill(simulated.apiToken);
      await page.getByRole('button', { name: 'Test' }).click();
      await page.getByText('Every endpoint accepts it.').waitFor();
      expect((await api('GET', '/clusters/by-name/browser-added')).status).toBe(404);
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await page.waitForURL('**/clusters/browser-added');
      await page.locator('.page-head .badge').filter({ hasText: 'Online' }).waitFor();
      expect(await page.content()).not.toContain(simulated.apiToken);

      await page.getByRole('link', { name: 'Edit' }).click();
      await page.getByLabel('Region').fill('lab-2');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.waitForURL('**/clusters/browser-added');
      await page.getByText('lab-2').waitFor();

      await page.getByRole('button', { name: 'Maintenance…' }).click();
      await expectSound(page);
      await page.getByRole('button', { name: 'Start maintenance' }).click();
      await page.locator('.status-line .chip').waitFor();
      await page.getByRole('button', { name: 'End maintenance' }).click();
      await page.locator('.status-line .chip').waitFor({ state: 'detached' });

      await page.locator('.panel').getByRole('button', { name: 'Test' }).click();
      await page.locator('[data-validation="valid"]').first().waitFor();

      await page.getByRole('button', { name: 'Delete…' }).click();
      await expectSound(page);
      await page.getByLabel('to confirm').fill('browser-adde');
      await page.keyboard.press('Enter');
      expect((await api('GET', '/clusters/by-name/browser-added')).status).toBe(200);
      await page.getByLabel('to confirm').fill('browser-added');
      await page.keyboard.press('Enter');
      await page.waitForURL('**/clusters');
      expect((await api('GET', '/clusters/by-name/browser-added')).status).toBe(404);
    });
  });

  it('is not overwritten when somebody else was faster: shows their change and goes on from there', async () => {
    await as({}, async ({ page }) => {
      const { body } = await api('GET', '/clusters/by-name/prod-eu-1');
      await page.goto(`${demo.url}/clusters/prod-eu-1/edit`);
      await page.getByLabel('Region').fill('mine');
      await api('PUT', `/clusters/${String(body['id'])}`, { display_name: 'Theirs' });
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('was changed while you edited it').waitFor();
      expect(await page.locator('.conflict-list').textContent()).toContain('→ Theirs');
      await expectSound(page);
      await page.screenshot({ path: path.join(SHOTS, 'cluster-conflict.png'), fullPage: true });
      await page.getByRole('button', { name: 'keep my changes' }).click();
      await page.getByRole('button', { name: 'Save' }).click();
      await page.waitForURL('**/clusters/prod-eu-1');
      const after = (await api('GET', '/clusters/by-name/prod-eu-1')).body;
      expect([after['display_name'], after['region']]).toEqual(['Theirs', 'mine']);
    });
  });

  it('shows its health history as a chart that keys move along and as a table', async () => {
    await as({}, async ({ page }) => {
      await eventually('a roll-up of health', async () => {
        const { body } = await api('GET', '/clusters/hub-1/health');
        return (body['rollups'] as unknown[]).length > 0;
      });
      await page.goto(`${demo.url}/clusters/hub-1?range=6h`);
      const plot = page.locator('.chart-plot');
      await plot.waitFor();
      await plot.focus();
      await page.keyboard.press('Home');
      expect(await plot.getAttribute('aria-valuetext')).toMatch(/score \d+.*checks found every endpoint healthy/);
      await page.getByText('As a table').click();
      await page.locator('.twin table').first().waitFor();
      await expectSound(page);
      await page.screenshot({ path: path.join(SHOTS, 'cluster-history.png'), fullPage: true });
    });
  });

  it('takes the place of stored credentials only with such as work', async () => {
    await as({}, async ({ page }) => {
      await page.goto(`${demo.url}/clusters/prod-us-1/credentials`);
      await page.getByLabel('Token of the API server').fill('wrong');
      await page.getByRole('button', { name: 'Test and replace' }).click();
      await page.locator('[data-validation="invalid"]').first().waitFor();
      await expectSound(page);
      await page.getByLabel('Token of the API server').fill(demo.fleet.cluster('prod-us-1').apiToken);
      await page.getByRole('button', { name: 'Test and replace' }).click();
      await page.waitForURL('**/clusters/prod-us-1');
      expect((await api('POST', '/clusters/prod-us-1/credentials/validate', {})).body['valid']).toBe(true);
    });
  });

  it('that is not there says so and names near ones', async () => {
    await as({}, async ({ page }) => {
      await page.goto(`${demo.url}/clusters/prod-eu-2`);
      await page.locator('[data-state="not-found"]').waitFor();
      expect(await page.locator('.panel').count()).toBe(0);
      await expectSound(page);
    });
  });

  it('shows text from a spoke as text', async () => {
    await as({}, async ({ page, problems }) => {
      const payload = '"><img src=x onerror=alert(1)><script>alert(2)</script>';
      await page.route('**/api/v1/clusters/hub-1', async (route) => {
        const response = await route.fetch();
        const body = (await response.json()) as { region: string; status: { last_error: string } }; // proof: our own server
        body.region = payload;
        body.status.last_error = payload;
        await route.fulfill({ response, json: body });
      });
      await page.goto(`${demo.url}/clusters/hub-1`);
      await page.locator('.panel').first().waitFor();
      expect(await page.locator('.status-line').textContent()).toContain(payload);
      expect(await page.locator('main img, main script').count()).toBe(0);
      expect(problems).toEqual([]);
    });
  });
});
