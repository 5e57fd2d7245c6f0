import type { Browser } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rest, type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { axeViolations, launchBrowser, visit } from './browser.ts';

let server: ServerProcess;
let browser: Browser;
let token: string;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServerProcess({ AIOPS_AUTH_MODE: 'token' }), launchBrowser()]);
  const created = await server.cli(['token', 'create', 'browser', '--role', 'viewer']);
  if (created.code !== 0) throw new Error(`aiops token create failed: ${created.stderr}`);
  token = created.stdout.trim();
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

describe('a server that wants a token', () => {
  it('refuses a wrong one, takes a right one, comes back to the same address, is live, and forgets it on sign out', async () => {
    const { page, context, foreign } = await visit(browser, server.url);
    const sent: string[] = [];
    page.on('request', (request) => sent.push(request.url()));
    page.on('websocket', (socket) => sent.push(socket.url()));
    await page.goto(`${server.url}/?state=OFFLINE`);
    await page.locator('[data-state="sign-in"]').waitFor();
    await page.locator('#token').fill('aiops_wrong');
    await page.keyboard.press('Enter');
    await page.getByText('does not accept this token').waitFor();
    await page.locator('#token').fill(token);
    await page.keyboard.press('Enter');
    await page.locator('[data-state="empty"]').waitFor();
    await page.locator('[data-live="live"]').waitFor();
    expect(new URL(page.url()).search).toBe('?state=OFFLINE');
    await page.reload();
    await page.locator('[data-state="empty"]').waitFor();
    expect(sent.filter((url) => url.includes(token))).toEqual([]);
    expect(await page.evaluate<string>('JSON.stringify(localStorage)')).not.toContain(token);
    expect(await context.cookies()).toEqual([]);
    await page.locator('.nav').getByRole('button', { name: 'Sign out' }).click();
    await page.locator('[data-state="sign-in"]').waitFor();
    expect(foreign).toEqual([]);
    await context.close();
  });

  it('lets a viewer read and says which permission asking needs, keeping the question', async () => {
    const { page, context } = await visit(browser, server.url);
    await page.goto(`${server.url}/chat`);
    await page.locator('#token').fill(token);
    await page.keyboard.press('Enter');
    await page.locator('#composer').fill('what is firing?');
    await page.keyboard.press('Enter');
    await page.getByText('Asking needs the permission chat:write').waitFor();
    expect(await page.locator('#composer').inputValue()).toBe('what is firing?');
    await context.close();
  });

  it('lets a viewer look at clusters, keeps every action in reach and says which permission it needs', async () => {
    const created = await rest(server.url, 'POST', '/api/v1/clusters', {
      body: { name: 'looked-at', api_server_url: 'https://127.0.0.1:1' },
      token: server.localToken,
    });
    expect(created.status).toBe(201);
    const { page, context } = await visit(browser, server.url);
    await page.goto(`${server.url}/clusters/looked-at`);
    await page.locator('#token').fill(token);
    await page.keyboard.press('Enter');
    await page.locator('[data-state="ready"]').waitFor();
    await page.locator('.denial').waitFor();
    const disabled = page.locator('.page > .actions [aria-disabled="true"]');
    expect(await disabled.count()).toBe(4);
    expect(await disabled.first().getAttribute('title')).toContain('does not hold cluster:write');
    await disabled.last().click({ force: true });
    expect(await page.locator('dialog').count()).toBe(0);
    expect(await axeViolations(page)).toEqual([]);
    await page.goto(`${server.url}/clusters`);
    await page.locator('.grid-body [role=row]').waitFor();
    expect(await page.locator('.page-actions button').getAttribute('aria-disabled')).toBe('true');
    await context.close();
  });
});
