import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from '@playwright/test';
import { expect } from 'vitest';
import { PROJECT_ROOT } from '../../mcp-server/version.ts';
import { startDemo } from '../support/demo.ts';

/** Debian's Chromium from PATH, with everything off that would call home. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

function chromiumPath(): string {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
      const file = path.join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        continue; // not in this folder
      }
    }
  }
  throw new Error('The browser tests need Chromium on PATH: sudo apt-get install chromium');
}

/** The server under test: AIOPS_TEST_URL when one runs already, else the demo fleet with the built server. */
export async function serverUnderTest(): Promise<{ url: string; stop(): Promise<void> }> {
  const url = process.env['AIOPS_TEST_URL'];
  return url === undefined ? startDemo() : { url: url.replace(/\/$/, ''), stop: () => Promise.resolve() };
}

export interface Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Requests that left for another origin than the server's. */
  readonly foreign: string[];
  /** Errors on the console, exceptions, and dialogs that a page opened. */
  readonly problems: string[];
}

/** Where screenshots of the pages are left for somebody to look at. */
export const SHOTS = path.join(PROJECT_ROOT, 'test-results');

export const LOOKS = [
  { name: 'light', options: { colorScheme: 'light' } },
  { name: 'dark', options: { colorScheme: 'dark' } },
  { name: '320', options: { colorScheme: 'light', viewport: { width: 320, height: 640 } } },
  { name: '320-dark', options: { colorScheme: 'dark', viewport: { width: 320, height: 640 } } },
] as const;

/** A visit from beginning to end; fails when anything was asked of another origin. */
export async function visitWith(
  browser: Browser,
  url: string,
  options: BrowserContextOptions | undefined,
  use: (visitor: Visitor) => Promise<void>,
): Promise<void> {
  const visitor = await visit(browser, url, options);
  try {
    await use(visitor);
    if (visitor.foreign.length > 0) throw new Error(`asked of another origin: ${visitor.foreign.join(', ')}`);
  } finally {
    // A request that a test answers itself may still be on its way when the test is done.
    await visitor.page.unrouteAll({ behavior: 'ignoreErrors' });
    await visitor.context.close();
  }
}

/** A fresh browser profile that notes everything it should not see. */
export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visitor> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const foreign: string[] = [];
  const problems: string[] = [];
  const origin = new URL(url).host;
  context.on('request', (request) => {
    if (new URL(request.url()).host !== origin) foreign.push(request.url());
  });
  page.on('websocket', (socket) => {
    if (new URL(socket.url()).host !== origin) foreign.push(socket.url());
  });
  page.on('pageerror', (error) => problems.push(String(error.stack ?? error)));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`${message.text()} (${message.location().url})`);
  });
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { page, context, foreign, problems };
}

/** Violations of WCAG 2.1 A and AA, as one line each. */
export async function axeViolations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'])
    .analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ''}`),
  );
}

/** How far the page can be scrolled sideways, in px; 0 is what it should be. */
export function sidewaysScroll(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}

/** Sound: no violation in what is shown, no scrolling sideways. */
export async function expectSound(page: Page): Promise<void> {
  expect(await axeViolations(page)).toEqual([]);
  expect(await sidewaysScroll(page)).toBe(0);
}
