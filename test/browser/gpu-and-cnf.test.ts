import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blankGpu } from '../../backend/collectors/gpu/blank-gpu.ts';
import type { GpuNodesAnswer } from '../../backend/model/gpu-answers.ts';
import type { GPUNode } from '../../backend/model/gpu.ts';
import { quantile } from '../../evals/bench/statistics.ts';
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

async function nodesOfFleet(): Promise<GpuNodesAnswer> {
  const { body } = await rest(demo.url, 'GET', '/api/v1/gpu/nodes?limit=1000');
  return body as unknown as GpuNodesAnswer; // proof: the answer of this route
}

/** A fleet of 512 nodes with eight GPUs each, one of which of every look that there is. */
function manyNodes([first]: readonly GPUNode[]): GPUNode[] {
  if (!first) throw new Error('the fleet has no node with GPUs');
  return Array.from({ length: 512 }, (_, n) => ({
    ...first,
    node_name: `gpu-${String(n).padStart(3, '0')}`,
    gpu_count: 8,
    stale: n === 2,
    source: n === 1 ? 'ALLOCATABLE' : 'DCGM',
    gpus:
      n === 1
        ? []
        : Array.from({ length: 8 }, (_gpu, index) => ({
            ...blankGpu(),
            index,
            uuid: `GPU-${n}-${index}`,
            name: 'NVIDIA H200',
            utilization_gpu_percent: index === 7 ? null : (n * 7 + index * 16) % 101,
            temperature_celsius: 30 + ((n + index * 9) % 60),
          })),
    findings:
      n === 0
        ? [
            {
              severity: 'CRITICAL',
              code: 'XID_79',
              cluster: first.cluster_name,
              node: 'gpu-000',
              gpu: 3,
              uuid: 'GPU-0-3',
              message: 'Fell off the bus.',
              evidence: [],
              next_step: 'Drain the node.',
            },
          ]
        : [],
  }));
}

// Dark and narrow together change nothing that each alone does not.
const looks = LOOKS.filter(({ name }) => name !== '320-dark');
const SETTLED = '.page[data-state]:not([data-state="loading"])';

describe.each(looks)('GPUs and network functions in $name', ({ name, options }) => {
  it('show every part under the real content security policy: no axe violation, no sideways scroll, no problem', async () => {
    const [node] = (await nodesOfFleet()).nodes;
    await as(options, async ({ page, problems }) => {
      for (const [what, route, ready] of [
        ['heatmap', '/gpu', '.heat-grid [role=gridcell]'],
        ['table', '/gpu?show=table', '.gpu-grid .grid-body [role=row]'],
        ['findings', '/gpu?show=findings', SETTLED],
        ['processes', '/gpu?show=processes', '.process-grid .grid-body [role=row]'],
        ['node', `/gpu/${node?.cluster_name ?? ''}/${node?.node_name ?? ''}`, '.ts-plot canvas'],
        ['clocks', '/cnf', SETTLED],
        ['functions', '/cnf?show=functions', SETTLED],
        ['workloads', '/cnf?show=workloads', SETTLED],
        ['ports', '/cnf?show=ports', '.pod-fields'],
        ['cnf-findings', '/cnf?show=findings', SETTLED],
      ] as const) {
        await page.goto(`${demo.url}${route}`);
        await page.locator(ready).first().waitFor();
        await expectSound(page);
        await page.screenshot({ path: path.join(SHOTS, `telemetry-${what}-${name}.png`) });
      }
      expect(problems).toEqual([]);
    });
  });
});

describe('the GPU page', () => {
  it('counts and lists what the API tells, and leads from a number to its list and to a node by keys alone', async () => {
    const answer = await nodesOfFleet();
    const gpus = answer.nodes.reduce((sum, node) => sum + (node.gpu_count ?? 0), 0);
    await as({}, async ({ page }) => {
      await page.goto(`${demo.url}/gpu`);
      await page.locator('.heat-grid [role=gridcell]').first().waitFor();
      expect(await page.locator('.number-value').first().textContent()).toContain(String(gpus));
      await page.getByRole('link', { name: 'Allocated', exact: false }).first().click();
      await page.waitForURL('**/gpu?is=ALLOCATED');
      await page.getByRole('link', { name: 'Table' }).click();
      const allocated = answer.nodes.flatMap((node) => node.gpus).filter(({ pods }) => (pods ?? []).length > 0).length;
      await page.locator(`[role=grid][aria-rowcount="${allocated + 1}"]`).waitFor();
      await page.locator('.grid-body [tabindex="0"]').focus();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('Enter');
      await page.waitForURL(`**/gpu/${answer.nodes[0]?.cluster_name ?? ''}/**`);
      await page.locator('.ts-plot canvas').waitFor();
    });
  });

  it('of 4,096 GPUs draws at most 500 elements, scrolls at the pace of the screen, and is read cell by cell', async () => {
    const answer = await nodesOfFleet();
    const nodes = manyNodes(answer.nodes);
    await as({}, async ({ page, problems }) => {
      await page.route('**/api/v1/gpu/nodes?*', (route) =>
        route.fulfill({ json: { ...answer, nodes, total: 512, total_gpus: 4096 } }),
      );
      await page.goto(`${demo.url}/gpu`);
      await page.locator('.heat-grid[aria-rowcount="513"]').waitFor();
      await expectSound(page);
      await page.screenshot({ path: path.join(SHOTS, 'telemetry-4096.png') });
      // Other programs of the machine take frames away, so that the calmest of five rounds tells.
      const paces: number[] = [];
      for (let round = 0; round < 5; round += 1) paces.push(quantile(await page.evaluate<number[]>(SCROLL), 0.5));
      expect(Math.min(...paces), paces.join(' ')).toBeLessThanOrEqual(17.5);
      expect(await page.locator('.heat-grid *').count()).toBeLessThanOrEqual(500);
      await page.locator('.heat-grid .grid-body [tabindex="0"]').focus();
      await page.keyboard.press('Control+Home');
      for (let n = 0; n < 4; n += 1) await page.keyboard.press('ArrowRight');
      expect(await page.locator(':focus').getAttribute('aria-label')).toBe(
        'GPU 3 of gpu-000: utilisation 48 %, XID 79',
      );
      await page.keyboard.press('Control+End');
      await page.locator('[aria-rowindex="513"] :focus').waitFor();
      expect(await page.locator('.heat-grid *').count()).toBeLessThanOrEqual(500);
      await page.setViewportSize({ width: 2560, height: 2160 });
      await page.locator('[aria-rowindex="513"]').waitFor();
      expect(await page.locator('.heat-grid *').count()).toBeLessThanOrEqual(500);
      expect(problems).toEqual([]);
    });
  });
});

/** Milliseconds between frames while the page moves by 200 px in each, as in evals/bench/page-scroll.ts. */
const SCROLL = `new Promise((resolve) => {
  const times = [];
  let last;
  const frame = (now) => {
    if (last !== undefined) times.push(now - last);
    last = now;
    if (times.length === 40) return resolve(times);
    window.scrollBy(0, 200);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})`;
