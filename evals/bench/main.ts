/**
 * `npm run bench [-- names… --out path]`: measures the product against a baseline in the same run on the same machine and
 * prints the ratios; about 80 s for all. A missed bar is a line in the table and not a failure: a busy machine proves
 * nothing by itself.
 */
import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { measureAnswerTokens } from './answer-tokens.ts';
import { measureClusterList } from './cluster-list.ts';
import { measureDecodeMerge } from './decode-merge.ts';
import { measureFleetGrowth } from './fleet-growth.ts';
import { measureFleetQuery } from './fleet-query.ts';
import { measurePageScroll } from './page-scroll.ts';
import { type Report, type Row, toJson, toMarkdown, toTable } from './report.ts';
import { measureToolCalls } from './tool-calls.ts';

const MEASURES: Readonly<Record<string, (folder: string) => Promise<Row[]>>> = {
  'tool-calls': measureToolCalls,
  'fleet-query': measureFleetQuery,
  'fleet-growth': measureFleetGrowth,
  'decode-merge': measureDecodeMerge,
  'cluster-list': measureClusterList,
  'answer-tokens': measureAnswerTokens,
  'page-scroll': measurePageScroll,
};

const say = (line: string) => process.stdout.write(`${line}\n`);
const complain = (line: string) => process.stderr.write(`${line}\n`);
process.exitCode = await run();

async function run(): Promise<number> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: 'string' } } });
  const names = positionals.length === 0 ? Object.keys(MEASURES) : positionals;
  const unknown = names.find((name) => !Object.hasOwn(MEASURES, name));
  if (unknown !== undefined) {
    complain(`There is no measurement ${unknown}. Known: ${Object.keys(MEASURES).join(', ')}.`);
    return 2;
  }
  const folder = await mkdtemp(path.join(tmpdir(), 'aiops-bench-'));
  const tidy = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  // The servers end by themselves when this process does, however it does.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      tidy();
      process.exit(1);
    });
  }
  const started = performance.now();
  try {
    const rows: Row[] = [];
    for (const name of names) {
      complain(`measuring ${name} …`);
      rows.push(...((await MEASURES[name]?.(folder)) ?? []));
    }
    say(toTable(rows));
    const report: Report = {
      measured_at: new Date().toISOString(),
      machine: `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`,
      seconds: Math.round((performance.now() - started) / 1000),
      rows,
    };
    if (values.out !== undefined) await writeReport(values.out, report);
    return 0;
  } finally {
    tidy();
  }
}

/** `x`, `x.json` and `x.md` all mean the pair x.json and x.md. */
async function writeReport(out: string, report: Report): Promise<void> {
  const base = out.replace(/\.(?:json|md)$/, '');
  await writeFile(`${base}.json`, toJson(report));
  await writeFile(`${base}.md`, toMarkdown(report));
  complain(`written: ${base}.json and ${base}.md`);
}
