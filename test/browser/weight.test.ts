import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PROJECT_ROOT } from '../../mcp-server/version.ts';

const APP = path.join(PROJECT_ROOT, 'dist', 'chat-ui', 'app');

const Manifest = z.record(
  z.string(),
  z.object({
    file: z.string(),
    isEntry: z.boolean().optional(),
    imports: z.array(z.string()).optional(),
    css: z.array(z.string()).optional(),
  }),
);

const manifest = Manifest.parse(JSON.parse(readFileSync(path.join(APP, '.vite', 'manifest.json'), 'utf8')));
const gzipped = (file: string) => gzipSync(readFileSync(path.join(APP, file))).length;
const sum = (files: Iterable<string>) => [...files].reduce((total, file) => total + gzipped(file), 0);

/** A chunk with everything that it loads at once. */
function closure(name: string, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const imported of manifest[name]?.imports ?? []) closure(imported, seen);
  return seen;
}

const scripts = (names: Iterable<string>) => new Set([...names].flatMap((name) => manifest[name]?.file ?? []));
const entry = Object.keys(manifest).find((name) => manifest[name]?.isEntry === true) ?? '';
const initial = closure(entry);

describe('weight of the built UI (reference/ui.md)', () => {
  it('loads at most 45 kB of script at first', () => {
    expect(sum(scripts(initial))).toBeLessThanOrEqual(45_000);
  });

  it('loads at most 30 kB more for the chat', () => {
    const chat = closure('pages/Chat.tsx');
    expect(manifest['pages/Chat.tsx']).toBeDefined();
    expect(sum(scripts([...chat].filter((name) => !initial.has(name))))).toBeLessThanOrEqual(30_000);
  });

  it('loads at most 28 kB more to draw a chart, after the page that shows it', () => {
    const before = closure('pages/Metrics.tsx');
    expect(manifest['components/chart/plot.ts']).toBeDefined();
    expect(before.has('components/chart/plot.ts')).toBe(false);
    const plot = [...closure('components/chart/plot.ts')].filter((name) => !initial.has(name) && !before.has(name));
    expect(sum(scripts(plot))).toBeLessThanOrEqual(28_000);
  });

  it('is at most 160 kB of script and 12 kB of style in all', () => {
    expect(sum(scripts(Object.keys(manifest)))).toBeLessThanOrEqual(160_000);
    const styles = new Set(Object.values(manifest).flatMap((chunk) => chunk.css ?? []));
    expect(styles.size).toBeGreaterThan(0);
    expect(sum(styles)).toBeLessThanOrEqual(12_000);
  });

  it('has no inline script or style and loads nothing from elsewhere', () => {
    const html = readFileSync(path.join(APP, 'index.html'), 'utf8');
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/);
    expect(
      [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map((match) => match[1]).filter((url) => !url?.startsWith('/')),
    ).toEqual([]);
  });
});
