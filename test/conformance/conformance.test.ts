import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningEndpoint } from '../mcp/scripted.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { startFixtureServer } from './fixture-server.ts';
import { NO_FIXTURE_SCENARIOS, type Revision, requiredScenarios, runRequirements, runScenarios } from './suite.ts';

const REVISIONS: readonly Revision[] = ['2025-11-25', '2026-07-28'];

describe("the product's factory and transport, with the suite's fixtures", () => {
  let server: RunningEndpoint;
  beforeAll(async () => {
    server = await startFixtureServer();
  });
  afterAll(() => server.close());

  it.each(REVISIONS)('meet every requirement of %s, with no baseline', async (revision) => {
    const { exitCode, reports } = await runRequirements(server.url, revision);
    const byName = new Map(reports.map((report) => [report.name, report]));
    for (const name of await requiredScenarios(revision)) {
      expect(byName.get(name), name).toMatchObject({ failed: [], warned: [] });
      expect(byName.get(name)?.passed, `${name} must not pass by checking nothing`).not.toEqual([]);
    }
    expect(exitCode).toBe(0);
  });

  it('validate headers beyond what is required', async () => {
    const names = ['http-header-validation', 'http-custom-header-server-validation', 'json-schema-2020-12'];
    for (const report of await runScenarios(server.url, '2026-07-28', names)) {
      expect(report).toMatchObject({ failed: [], warned: [] });
      expect(report.passed.length, report.name).toBeGreaterThan(5);
    }
  });
});

describe('the built server', () => {
  let server: ServerProcess;
  beforeAll(async () => {
    server = await startServerProcess();
  });
  afterAll(() => server.stop());

  it.each(REVISIONS)('passes what needs no fixtures of %s', async (revision) => {
    for (const report of await runScenarios(`${server.url}/mcp`, revision, NO_FIXTURE_SCENARIOS[revision])) {
      expect(report).toMatchObject({ failed: [], warned: [] });
      expect(report.passed, `${report.name} must not pass by checking nothing`).not.toEqual([]);
    }
  });
});
