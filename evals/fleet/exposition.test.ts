import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findBinaries } from './binaries.ts';
import { exposeText, historyText } from './exposition.ts';
import { backfill } from './history.ts';
import { alertingRules } from './server-config.ts';
import { DEMO_CLUSTERS } from './specs.ts';
import { createWorld } from './world.ts';

const EPOCH = Date.UTC(2026, 2, 1, 10) / 1000;
const WORLDS = DEMO_CLUSTERS.map(
  (spec) => [spec.name, createWorld(spec, { seed: 'test', epoch: EPOCH, incidentDelaySeconds: -600 })] as const,
);
const { promtool } = findBinaries();

describe('exposition', () => {
  it.each(WORLDS)('%s is taken by promtool as scraped text', (_, world) => {
    for (const target of world.targets) {
      // Lint findings (exit 3) are about the exporters' own names, which are not ours to choose; a parse error is exit 1.
      const text = exposeText(target, EPOCH);
      let status = 0;
      try {
        execFileSync(promtool, ['check', 'metrics'], { input: text, stdio: ['pipe', 'pipe', 'pipe'] });
      } catch (error) {
        status = error instanceof Error && 'status' in error ? Number(error.status) : -1;
      }
      expect([0, 3]).toContain(status);
    }
  });

  it('leaves out a series that does not exist at the time', () => {
    const world = WORLDS.find(([name]) => name === 'prod-eu-1')?.[1];
    const cadvisors = world?.targets.filter((target) => target.job === 'kubelet') ?? [];
    const at = (time: number) => cadvisors.map((target) => exposeText(target, time)).join('');
    // The incident began 600 s before the epoch: a cycle of 90 s, down from second 72 on.
    expect(at(EPOCH - 600 + 10)).toContain('container="checkout"');
    expect(at(EPOCH - 600 + 80)).not.toContain('container="checkout"');
  });

  it('ends history at the second it was asked for, with a sample of every living series there', () => {
    const world = WORLDS.find(([name]) => name === 'hub-1')?.[1];
    const lines = [...historyText(world?.targets ?? [], { start: EPOCH - 125, end: EPOCH, step: 60 })]
      .join('')
      .split('\n');
    const samples = lines.filter((line) => line.startsWith('up{'));
    expect(samples.slice(0, 4).map((line) => Number(line.split(' ').at(-1)) - EPOCH)).toEqual([-125, -65, -5, 0]);
    expect(lines.slice(-2)).toEqual(['# EOF', '']);
  });

  it('has alerting rules that promtool accepts', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'aiops-rules-'));
    try {
      const file = path.join(folder, 'rules.yml');
      writeFileSync(file, alertingRules());
      expect(execFileSync(promtool, ['check', 'rules', file], { encoding: 'utf8' })).toContain('SUCCESS');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('backfill', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'aiops-history-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.each(WORLDS)('%s becomes blocks that hold every sample', async (_, world) => {
    const tsdb = path.join(folder, 'tsdb');
    await backfill({ world, hours: 1, end: EPOCH, folder: tsdb, promtool, signal: new AbortController().signal });
    const lines = [...historyText(world.targets, { start: EPOCH - 3600, end: EPOCH, step: 60 })].join('').split('\n');
    const written = lines.filter((line) => line !== '' && !line.startsWith('#')).length;
    const listing = execFileSync(promtool, ['tsdb', 'list', tsdb], { encoding: 'utf8' });
    const stored = listing
      .split('\n')
      .slice(1)
      .reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[4] ?? 0), 0);
    expect(stored).toBe(written);
    expect(readdirSync(folder)).toEqual(['tsdb']);
  });
});
