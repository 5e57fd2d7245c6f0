import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

export type Revision = '2025-11-25' | '2026-07-28';

/** What one scenario of the suite found, by the ids of its checks. */
export interface ScenarioReport {
  readonly name: string;
  readonly passed: readonly string[];
  /** `id: what is wrong`; a warning is a SHOULD that is not met. */
  readonly failed: readonly string[];
  readonly warned: readonly string[];
}

/**
 * The scenarios that need no fixture tools, so that they hold on the product as it is. `http-custom-header-server-validation`
 * joins the 2026 list with the first tool that has an `x-mcp-header`.
 */
export const NO_FIXTURE_SCENARIOS: Readonly<Record<Revision, readonly string[]>> = {
  '2025-11-25': [
    'server-initialize',
    'server-session-lifecycle',
    'ping',
    'tools-list',
    'resources-list',
    'prompts-list',
    'dns-rebinding-protection',
    'server-sse-multiple-streams',
  ],
  '2026-07-28': [
    'tools-list',
    'resources-list',
    'prompts-list',
    'sep-2164-resource-not-found',
    'caching',
    'dns-rebinding-protection',
    'http-header-validation',
    'server-sse-multiple-streams',
    'input-required-result-unsupported-methods',
  ],
};

const PACKAGE = dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json'));

/** The scenarios that count for a revision, as the suite itself lists them. */
export async function requiredScenarios(revision: Revision): Promise<string[]> {
  const text = await readFile(join(PACKAGE, 'requirements', `${revision}.yaml`), 'utf8');
  return z.object({ server: z.array(z.string()) }).parse(parse(text)).server;
}

/** Runs a revision's whole requirement set, with no baseline of known failures. `url` is of `/mcp` on loopback, without auth. */
export async function runRequirements(
  url: string,
  revision: Revision,
): Promise<{ exitCode: number; reports: ScenarioReport[] }> {
  return runSuite(['server', '--url', url, '--requirements', revision]);
}

/** Runs the named scenarios one after another against a server that runs already, on the wire of the given revision. */
export async function runScenarios(
  url: string,
  revision: Revision,
  names: readonly string[],
): Promise<ScenarioReport[]> {
  const reports: ScenarioReport[] = [];
  for (const name of names) {
    const run = await runSuite(['server', '--url', url, '--spec-version', revision, '--scenario', name]);
    reports.push(
      run.reports.find((report) => report.name === name) ?? {
        name,
        passed: [],
        failed: [`${name}: did not run`],
        warned: [],
      },
    );
  }
  return reports;
}

async function runSuite(args: string[]): Promise<{ exitCode: number; reports: ScenarioReport[] }> {
  const results = await mkdtemp(join(tmpdir(), 'aiops-conformance-'));
  try {
    const child = spawn(process.execPath, [join(PACKAGE, 'dist', 'index.js'), ...args, '-o', results], {
      cwd: results,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code ?? -1));
    });
    const folders = (await readdir(results, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    return { exitCode, reports: await Promise.all(folders.map((folder) => readReport(results, folder.name))) };
  } finally {
    await rm(results, { recursive: true, force: true });
  }
}

const Checks = z.array(z.object({ id: z.string(), status: z.string(), errorMessage: z.string().optional() }));

/** Folders are named `server-<scenario>-<ISO time with dashes>`. */
async function readReport(results: string, folder: string): Promise<ScenarioReport> {
  const checks = Checks.parse(JSON.parse(await readFile(join(results, folder, 'checks.json'), 'utf8')));
  const told = (status: string) =>
    checks
      .filter((check) => check.status === status)
      .map((check) => `${check.id}${check.errorMessage === undefined ? '' : `: ${check.errorMessage}`}`);
  return {
    name: folder.replace(/^server-/, '').replace(/-\d{4}-\d{2}-\d{2}T[\d-]+Z$/, ''),
    passed: told('SUCCESS'),
    failed: told('FAILURE'),
    warned: told('WARNING'),
  };
}
