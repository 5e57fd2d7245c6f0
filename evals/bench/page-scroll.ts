import { type Browser, type Page, chromium } from '@playwright/test';
import { findProgram } from '../fleet/binaries.ts';
import { CLUSTERS, withFilledServer } from './cluster-list.ts';
import type { Row } from './report.ts';
import { quantile } from './statistics.ts';

const FRAMES = 240;
/** Five rows a frame, 12,000 px a second: a hard turn of the wheel. */
const PX_PER_FRAME = 200;
/** The bar of the user interface for ten thousand rows: one frame at 60 Hz and a little. */
const BAR_MS = 17.5;
const KEYSTROKE_BAR_MS = 60;
/** Of the main thread's own time, with half of a frame left for everything else. */
const CPU_BAR_MS = 8;

/**
 * How long frames take while the list of clusters is scrolled in headless Chromium, against frames of the same page at rest;
 * and from a key in the filter to the next frame.
 */
export async function measurePageScroll(folder: string): Promise<Row[]> {
  return withFilledServer(folder, { AIOPS_AUTH_MODE: 'none' }, async ({ url }) => {
    const browser = await launch();
    try {
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      await page.goto(new URL('/clusters', url).href);
      await page.locator(`[aria-rowcount="${CLUSTERS + 1}"]`).waitFor({ timeout: 60_000 });
      const restCpu = await cpuMeter(page);
      const atRest = await framesOf(page, 0);
      const rest = await restCpu();
      const scrollCpu = await cpuMeter(page);
      const scrolling = await framesOf(page, PX_PER_FRAME);
      const { TaskDuration: cpu = 0, ...parts } = await scrollCpu();
      const drawn = await page.locator('.grid *').count();
      const typed = await keystrokes(page);
      return [
        row(`scrolling ${CLUSTERS} clusters, frame p95`, quantile(scrolling, 0.95), quantile(atRest, 0.95), BAR_MS),
        row(`… main thread's own time per frame (${partsText(parts)})`, cpu, rest['TaskDuration'] ?? 0, CPU_BAR_MS),
        row('… a key in its filter, p95', quantile(typed, 0.95), quantile(atRest, 0.95), KEYSTROKE_BAR_MS),
        {
          measure: '… elements drawn',
          ours: drawn,
          baseline: 500,
          unit: 'elements',
          bar: '≤ 500',
          met: drawn <= 500,
        },
      ];
    } finally {
      await browser.close();
    }
  });
}

function row(measure: string, ours: number, baseline: number, barMs: number): Row {
  return { measure, ours, baseline, unit: 'ms', bar: `≤ ${barMs} ms`, met: ours <= barMs };
}

/** Milliseconds between frames while the page moves by so many pixels in each. */
async function framesOf(page: Page, px: number): Promise<number[]> {
  return page.evaluate<number[]>(`new Promise((resolve) => {
    const times = [];
    let last;
    const frame = (now) => {
      if (last !== undefined) times.push(now - last);
      last = now;
      if (times.length === ${FRAMES}) return resolve(times);
      window.scrollBy(0, ${px});
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  })`);
}

const CPU_PARTS = ['TaskDuration', 'ScriptDuration', 'LayoutDuration', 'RecalcStyleDuration'];

/**
 * From now until it is called: milliseconds of processor time per frame that the page's main thread used, by what for. Unlike the time
 * between frames it does not grow when others keep the processors busy.
 */
async function cpuMeter(page: Page): Promise<() => Promise<Record<string, number>>> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const read = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return new Map(metrics.map(({ name, value }) => [name, value * 1000]));
  };
  const before = await read();
  return async () => {
    const after = await read();
    await session.detach();
    return Object.fromEntries(
      CPU_PARTS.map((name) => [name, ((after.get(name) ?? 0) - (before.get(name) ?? 0)) / FRAMES]),
    );
  };
}

function partsText(parts: Readonly<Record<string, number>>): string {
  return Object.entries(parts)
    .map(([name, ms]) => `${name.replace('Duration', '').toLowerCase()} ${ms.toFixed(2)}`)
    .join(', ');
}

/** Milliseconds from a key in the filter of names until the frame after it is drawn. */
async function keystrokes(page: Page): Promise<number[]> {
  await page.evaluate('window.scrollTo(0, 0)');
  await page.keyboard.press('/');
  await page.evaluate(`{
    window.typed = [];
    document.activeElement.addEventListener('input', () => {
      const started = performance.now();
      requestAnimationFrame(() => setTimeout(() => window.typed.push(performance.now() - started)));
    });
  }`);
  for (const key of 'bench-42'.repeat(4)) {
    await page.keyboard.press(key);
    await page.waitForTimeout(60);
  }
  return page.evaluate<number[]>('window.typed');
}

function launch(): Promise<Browser> {
  const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];
  return chromium.launch({ executablePath: findProgram(['chromium', 'chromium-browser', 'google-chrome']), args });
}
