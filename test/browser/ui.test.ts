import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  axeViolations,
  launchBrowser,
  LOOKS,
  serverUnderTest,
  SHOTS,
  sidewaysScroll,
  type visit,
  type Visitor,
  visitWith,
} from './browser.ts';

let server: { url: string; stop(): Promise<void> };
let browser: Browser;

beforeAll(async () => {
  mkdirSync(SHOTS, { recursive: true });
  [server, browser] = await Promise.all([serverUnderTest(), launchBrowser()]);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

function as(options: Parameters<typeof visit>[2], use: (visitor: Visitor) => Promise<void>): Promise<void> {
  return visitWith(browser, server.url, options, use);
}

function errorBody(code: string, details: Record<string, unknown> = {}): string {
  return JSON.stringify({
    error: {
      code,
      message: `This is ${code}.`,
      details,
      trace_id: '4bf92f3577b34da6',
      timestamp: new Date().toISOString(),
    },
  });
}

describe.each(LOOKS)('pages in $name', ({ name, options }) => {
  it('show the fleet: real tiles, no axe violation, no sideways scroll, no foreign request', async () => {
    await as(options, async ({ page, problems }) => {
      await page.goto(`${server.url}/`);
      await page.locator('[data-live="live"]').waitFor();
      await page.locator('.tile').first().waitFor();
      expect(await page.locator('.tile').count()).toBeGreaterThanOrEqual(3);
      expect(await sidewaysScroll(page)).toBe(0);
      expect(await axeViolations(page)).toEqual([]);
      await page.screenshot({ path: path.join(SHOTS, `fleet-${name}.png`), fullPage: true });
      expect(problems).toEqual([]);
    });
  });

  it('answer a question in the chat with citations that lead to their evidence', async () => {
    await as(options, async ({ page, problems }) => {
      await page.goto(`${server.url}/chat`);
      await page.locator('.suggestion').first().waitFor();
      expect(await axeViolations(page)).toEqual([]);
      await page.screenshot({ path: path.join(SHOTS, `chat-empty-${name}.png`) });
      await page.locator('#composer').fill('what is firing?');
      await page.keyboard.press('Enter');
      await page.locator('[data-answer-status="COMPLETE"]').waitFor({ timeout: 60_000 });
      await page.screenshot({ path: path.join(SHOTS, `chat-answer-${name}.png`) });
      const citations = page.locator('a.citation');
      expect(await citations.count()).toBeGreaterThan(0);
      await citations.first().click();
      const card = page.locator('.tool-card[open]');
      expect(await card.locator('.evidence-id').textContent()).toBe(await citations.first().textContent());
      expect(await page.locator('.citation-missing').count()).toBe(0);
      expect(await sidewaysScroll(page)).toBe(0);
      expect(await axeViolations(page)).toEqual([]);
      await page.screenshot({ path: path.join(SHOTS, `chat-evidence-${name}.png`) });
      const address = page.url();
      expect(address).toContain('/chat?session=');
      await page.reload();
      await page.locator('[data-answer-status="COMPLETE"]').waitFor();
      expect(page.url()).toBe(address);
      expect(problems).toEqual([]);
    });
  });
});

describe('every state', () => {
  const STATES = [
    { state: 'error', status: 503, body: errorBody('STORE_UNAVAILABLE') },
    { state: 'denied', status: 403, body: errorBody('PERMISSION_DENIED', { permission: 'cluster:read' }) },
    {
      state: 'empty',
      status: 200,
      body: JSON.stringify({ items: [], total: 0, page: 1, page_size: 100, total_pages: 0 }),
    },
    { state: 'sign-in', status: 401, body: errorBody('AUTH_FAILED') },
  ];

  it.each(STATES)(
    '$state looks different, has no axe violation in either theme and never shows 0 for unknown',
    async ({ state, status, body }) => {
      await as({ colorScheme: 'light' }, async ({ page }) => {
        await page.route('**/api/v1/clusters?**', (route) =>
          route.fulfill({ status, contentType: 'application/json', body }),
        );
        await page.goto(`${server.url}/`);
        await page.locator(`[data-state="${state}"]`).waitFor();
        expect(await axeViolations(page)).toEqual([]);
        await page.emulateMedia({ colorScheme: 'dark' });
        expect(await axeViolations(page)).toEqual([]);
        await page.screenshot({ path: path.join(SHOTS, `state-${state}.png`) });
        const values = await page.locator('.number-value').allTextContents();
        expect(values.filter((value) => value !== '—')).toEqual([]);
      });
    },
  );

  it('filtered-empty says so and leads back', async () => {
    await as({}, async ({ page }) => {
      await page.goto(`${server.url}/?q=no-such-cluster-anywhere`);
      await page.locator('[data-state="filtered-empty"]').waitFor();
      expect(await axeViolations(page)).toEqual([]);
      await page.getByRole('link', { name: 'Clear the filter' }).click();
      await page.locator('.tile').first().waitFor();
      expect(new URL(page.url()).search).toBe('');
    });
  });

  it('a page that is not there says so', async () => {
    await as({}, async ({ page }) => {
      await page.goto(`${server.url}/nowhere`);
      await page.locator('[data-state="not-found"]').waitFor();
      expect(await axeViolations(page)).toEqual([]);
    });
  });
});

describe('keyboard', () => {
  it('filters with a slash, goes with g and a letter, helps with a question mark, and gives focus back', async () => {
    await as({}, async ({ page }) => {
      await page.goto(`${server.url}/`);
      await page.locator('.tile').first().waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('gc?');
      expect(await page.locator('input[type="search"]').inputValue()).toBe('gc?');
      expect(await page.locator('dialog').count()).toBe(0);
      await page.locator('input[type="search"]').fill('');
      await page.locator('.skip-link').focus();
      await page.keyboard.press('?');
      await page.locator('dialog[open]').waitFor();
      expect(await axeViolations(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.locator('dialog').waitFor({ state: 'detached' });
      expect(await page.evaluate<string>('document.activeElement.className')).toBe('skip-link');
      await page.keyboard.press('g');
      await page.keyboard.press('c');
      await page.waitForURL('**/chat');
      await page.locator('.suggestion').first().waitFor();
      expect(await page.evaluate<string>('document.activeElement.tagName')).toBe('H1');
    });
  });

  it('reaches skip link, navigation and main in that order, and every target is 24 px or a link in text', async () => {
    await as({}, async ({ page }) => {
      await page.goto(`${server.url}/`);
      await page.locator('.tile').first().waitFor();
      await page.keyboard.press('Tab');
      expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('Skip to content');
      await page.keyboard.press('Tab');
      expect(await page.evaluate<boolean>('document.activeElement.closest("nav") !== null')).toBe(true);
      const small = await page
        .locator('button, input, .tile a, .number-link, .nav-link')
        .evaluateAll((elements) =>
          elements.map((e) => e.getBoundingClientRect().height).filter((height) => height > 0 && height < 24),
        );
      expect(small).toEqual([]);
    });
  });
});

describe('live', () => {
  it('says Reconnecting within 2 s when the socket is lost and is live again without doubles', async () => {
    await as({}, async ({ page }) => {
      const sockets: { close(): Promise<void> }[] = [];
      await page.routeWebSocket('**/ws', (socket) => {
        socket.connectToServer();
        sockets.push(socket);
      });
      await page.goto(`${server.url}/`);
      await page.locator('[data-live="live"]').waitFor();
      const before = await page.locator('.tile').count();
      await sockets[0]?.close();
      await page.locator('[data-live="reconnecting"]').waitFor({ timeout: 2000 });
      await page.locator('[data-live="live"]').waitFor();
      expect(sockets).toHaveLength(2);
      expect(await page.locator('.tile').count()).toBe(before);
    });
  });

  it('shows a cluster that is added and takes away one that is removed, without a reload', async () => {
    await as({}, async ({ page }) => {
      await page.goto(`${server.url}/`);
      await page.locator('[data-live="live"]').waitFor();
      const created = await fetch(`${server.url}/api/v1/clusters`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'browser-test', api_server_url: 'https://127.0.0.1:1', environment: 'LAB' }),
      });
      expect(created.status).toBe(201);
      const { id } = (await created.json()) as { id: string }; // proof: 201 of this route is a Cluster
      const tile = page.locator('[data-cluster="browser-test"]');
      await tile.waitFor({ timeout: 5000 });
      await fetch(`${server.url}/api/v1/clusters/${id}`, { method: 'DELETE' });
      await tile.waitFor({ state: 'detached', timeout: 5000 });
    });
  });
});

describe('stopping an answer', () => {
  it('ends it and sends nothing, even with the next question already written', async () => {
    await as({}, async ({ page }) => {
      let asked = 0;
      // Never answered: the answer is still running when Stop is pressed.
      await page.route('**/stream', () => {
        asked += 1;
      });
      await page.goto(`${server.url}/chat`);
      await page.locator('.suggestion').first().click();
      await page.locator('#composer').fill('the next question');
      await vi.waitFor(() => expect(asked).toBe(1), { timeout: 10_000 });
      await page.getByRole('button', { name: 'Stop' }).click();
      await page.locator('[data-answer-status="STOPPED"]').waitFor();
      await page.getByRole('button', { name: 'Ask', exact: true }).waitFor();
      expect(await page.locator('#composer').inputValue()).toBe('the next question');
      expect(asked).toBe(1);
    });
  });
});

describe('text from spokes', () => {
  it('is inert wherever it is shown', async () => {
    await as({}, async ({ page, problems }) => {
      const payload =
        '"><img src=x onerror=alert(1)><script>alert(2)</script><a href="javascript:alert(3)">x</a>{{7*7}}';
      await page.route('**/api/v1/clusters?**', async (route) => {
        const response = await route.fetch();
        const body = (await response.json()) as { items: { region: string; status: { last_error: string } }[] }; // proof: our own server
        for (const cluster of body.items) {
          cluster.region = payload;
          cluster.status.last_error = payload;
        }
        await route.fulfill({ response, json: body });
      });
      await page.goto(`${server.url}/`);
      await page.locator('.tile').first().waitFor();
      expect(await page.locator('.tile-reason').first().textContent()).toBe(payload);
      expect(await page.locator('main img, main script, main a[href^="javascript"]').count()).toBe(0);
      expect(problems).toEqual([]);
    });
  });
});

describe('media', () => {
  it('prints light, without navigation, with address and time', async () => {
    await as({ colorScheme: 'dark' }, async ({ page }) => {
      await page.goto(`${server.url}/`);
      await page.locator('.tile').first().waitFor();
      await page.emulateMedia({ media: 'print' });
      expect(await page.locator('.nav').isVisible()).toBe(false);
      expect(await page.locator('.print-stamp').textContent()).toContain(server.url);
      expect(await page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor')).toBe(
        'rgb(246, 248, 250)',
      );
      await page.screenshot({ path: path.join(SHOTS, 'fleet-print.png'), fullPage: true });
    });
  });

  it('moves nothing when motion is to be reduced, and keeps status readable in forced colours', async () => {
    await as({ reducedMotion: 'reduce', forcedColors: 'active' }, async ({ page }) => {
      await page.goto(`${server.url}/`);
      await page.locator('.tile').first().waitFor();
      expect(await page.evaluate<number>('document.getAnimations().length')).toBe(0);
      expect(await page.locator('.tile .badge').first().isVisible()).toBe(true);
      await page.screenshot({ path: path.join(SHOTS, 'fleet-forced-colors.png') });
    });
  });
});
