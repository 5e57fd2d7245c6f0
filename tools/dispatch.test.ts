import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Principal } from '../backend/model/access.ts';
import type { Cluster } from '../backend/model/cluster.ts';
import { AppError } from '../backend/model/errors.ts';
import { testCluster } from '../backend/model/test-cluster.ts';
import type { AuditEntry } from '../backend/platform/audit.ts';
import { ManualClock } from '../backend/platform/clock.ts';
import { createLogger } from '../backend/platform/logger.ts';
import { createMetrics } from '../backend/platform/metrics.ts';
import { ClustersArg } from './clusters-arg.ts';
import { type AnyTool, defineTool } from './define.ts';
import { createDispatcher } from './dispatch.ts';
import type { Services } from './services.ts';

const admin: Principal = { id: 'a', display_name: 'A', role: 'admin', scope: { selector: '' } };
const READ = { readOnly: true, destructive: false, idempotent: true, openWorld: false };

function cluster(name: string, environment: Cluster['environment'] = 'LAB'): Cluster {
  return testCluster(name, { environment, labels: { tier: 'gold' } });
}

const names = defineTool({
  name: 'name_clusters',
  title: 'Names',
  description: 'Names of clusters.',
  toolset: 'clusters',
  permission: 'cluster:read',
  exposure: 'model',
  annotations: READ,
  input: z.strictObject({ clusters: ClustersArg }),
  output: z.strictObject({ names: z.array(z.string()) }),
  example: {},
  summarize: (out) => `${out.names.length} names`,
  run: async (context, input) => ({ names: (await context.resolveClusters(input.clusters)).map((c) => c.name) }),
});

function tool(overrides: Partial<AnyTool>): AnyTool {
  return {
    ...names,
    input: z.strictObject({}),
    output: z.strictObject({ text: z.string() }),
    summarize: () => 'done',
    run: async () => ({ text: 'x' }),
    ...overrides,
  };
}

describe('dispatch', () => {
  let entries: AuditEntry[];
  let stored: { owner: string; content: unknown }[];
  let clock: ManualClock;
  const fleet = [cluster('edge-1'), cluster('hub-1', 'PRODUCTION'), cluster('prod-1', 'PRODUCTION')];

  beforeEach(() => {
    entries = [];
    stored = [];
    clock = new ManualClock();
  });

  function dispatcher(...catalog: AnyTool[]) {
    return createDispatcher({
      catalog,
      services: { registry: { list: async () => fleet } } as unknown as Services, // proof: the tools of this test use the registry's list only
      audit: { record: async (entry: AuditEntry) => void entries.push(entry), list: async () => [] } as never, // proof: dispatch only records
      evidence: {
        put: async (e: { owner: string; content: unknown }) => {
          stored.push(e);
          return { id: 'e1', uri: 'aiops://evidence/e1', bytes: 1 };
        },
      } as never, // proof: dispatch only puts
      metrics: createMetrics(),
      clock,
      logger: createLogger({ level: 'silent' }),
    });
  }
  const call = (
    catalog: AnyTool,
    input: unknown = {},
    extra: Partial<Parameters<ReturnType<typeof dispatcher>['call']>[0]> = {},
  ) => dispatcher(catalog).call({ tool: catalog.name, input, principal: admin, door: 'mcp', traceId: 't1', ...extra });

  it('answers an unknown tool with near names', async () => {
    await expect(call(names, {}, { tool: 'name_cluster' })).rejects.toMatchObject({
      code: 'TOOL_NOT_FOUND',
      details: { similar: ['name_clusters'] },
    });
  });

  it('refuses unknown keys and names them', async () => {
    await expect(call(names, { cluster: 'x' })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });

  it('refuses a principal without the permission before the tool runs', async () => {
    let ran = false;
    const write = tool({ permission: 'cluster:delete', run: async () => void (ran = true) });
    await expect(call(write, {}, { principal: { ...admin, role: 'viewer' } })).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      details: { permission: 'cluster:delete' },
    });
    expect(ran).toBe(false);
  });

  it('resolves names, ids and selectors within the scope of the principal', async () => {
    const scoped = { ...admin, scope: { selector: 'environment=PRODUCTION' } };
    expect((await call(names, {}, { principal: scoped })).output).toEqual({ names: ['hub-1', 'prod-1'] });
    expect((await call(names, { clusters: 'environment=lab,tier=gold' })).output).toEqual({ names: ['edge-1'] });
    expect((await call(names, { clusters: [fleet[2]?.id, 'hub-1'] })).output).toEqual({ names: ['hub-1', 'prod-1'] });
    await expect(call(names, { clusters: ['edge-1'] }, { principal: scoped })).rejects.toMatchObject({
      code: 'CLUSTER_NOT_FOUND',
    });
    await expect(call(names, { clusters: ['edge-2'] })).rejects.toMatchObject({ hint: 'Did you mean edge-1?' });
  });

  it('asks for a confirmation of a write and runs it once confirmed', async () => {
    const write = tool({ confirm: () => 'Really?' });
    await expect(call(write)).rejects.toMatchObject({
      code: 'CONFIRMATION_REQUIRED',
      details: { question: 'Really?' },
    });
    expect((await call(write, {}, { confirmed: true })).output).toEqual({ text: 'x' });
  });

  it('ends a tool that ignores its deadline and says so', async () => {
    const pending = call(tool({ deadlineMs: () => 1000, run: () => new Promise(() => {}) }));
    const failed = expect(pending).rejects.toMatchObject({ code: 'QUERY_TIMEOUT', details: { deadline_ms: 1000 } });
    await clock.advance(1000);
    await failed;
  });

  it('passes the caller going away to the tool', async () => {
    const caller = new AbortController();
    const pending = call(
      tool({
        run: (context) =>
          new Promise((_, reject) =>
            context.signal.addEventListener('abort', () => reject(new AppError('QUERY_TIMEOUT', 'seen'))),
          ),
      }),
      {},
      { signal: caller.signal },
    );
    const failed = expect(pending).rejects.toBeInstanceOf(AppError);
    caller.abort(new Error('gone'));
    await failed;
  });

  it('turns an answer that breaks the output schema into an error', async () => {
    await expect(call(tool({ run: async () => ({ wrong: 1 }) }))).rejects.toMatchObject({
      code: 'TOOL_EXECUTION_FAILED',
    });
  });

  it('hides the text of an unexpected failure', async () => {
    const error: unknown = await call(
      tool({ run: async () => Promise.reject(new Error('db password is hunter2')) }),
    ).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'INTERNAL_ERROR' });
    expect(String(error)).not.toContain('hunter2');
  });

  it('shortens a long answer for a model, stores the whole as evidence and says so', async () => {
    const long = tool({
      output: z.strictObject({ list: z.array(z.string()) }),
      run: async () => ({ list: Array.from({ length: 20_000 }, () => 'row of text') }),
    });
    const answer = await call(long);
    expect(JSON.stringify(answer.output).length).toBeLessThanOrEqual(100_000);
    expect(answer.text).toContain('aiops://evidence/e1');
    expect(stored[0]?.owner).toBe('a');
    expect((await call(long, {}, { door: 'rest' })).evidence).toBeUndefined();
  });

  it('gives a model the view of a tool, a program the output, and keeps the whole as evidence', async () => {
    const list = Array.from({ length: 100 }, (_, i) => `row ${i}`);
    const viewed = tool({
      output: z.strictObject({ list: z.array(z.string()) }),
      forModel: {
        output: z.strictObject({ rows: z.int() }),
        view: () => ({ output: { rows: 100 }, whole: false, text: 'for models' }),
      },
      run: async () => ({ list }),
    });
    const mcp = await call(viewed);
    expect(mcp.output).toEqual({
      rows: 100,
      shortened: { evidence_uri: 'aiops://evidence/e1', bytes: 1 },
    });
    expect(mcp.text).toMatch(/^for models\nThe whole .* for read_evidence/);
    expect(stored).toMatchObject([{ owner: 'a', content: { list } }]);
    const agent = await call(viewed, {}, { door: 'agent' });
    expect(agent).toMatchObject({ output: { list }, shortened: false, text: 'done', model: { output: { rows: 100 } } });
    expect((await call(viewed, {}, { door: 'rest' })).output).toEqual({ list });
    expect(stored).toHaveLength(2);
  });

  it('keeps nothing of an answer whose view for models leaves nothing out', async () => {
    const viewed = tool({
      forModel: { output: z.strictObject({ t: z.string() }), view: () => ({ output: { t: 'x' }, whole: true }) },
    });
    expect((await call(viewed)).output).toEqual({ t: 'x' });
    expect((await call(viewed, {}, { door: 'agent' })).model).toEqual({ output: { t: 'x' }, text: 'done' });
    expect(stored).toEqual([]);
  });

  it('redacts secrets from output and text', async () => {
    const token = `sha256~${'x'.repeat(43)}`;
    const answer = await call(tool({ summarize: () => `saw ${token}`, run: async () => ({ text: `it is ${token}` }) }));
    expect(JSON.stringify(answer)).not.toContain(token);
  });

  it('records every call, with outcome, clusters and redacted arguments', async () => {
    await call(names, { clusters: ['hub-1'] });
    await call(names, { password: 'hunter2' }).catch(() => {});
    expect(entries).toMatchObject([
      {
        tool: 'name_clusters',
        principal_id: 'a',
        door: 'mcp',
        outcome: 'SUCCESS',
        trace_id: 't1',
        cluster_ids: [fleet[1]?.id],
      },
      { outcome: 'VALIDATION_FAILED', arguments: { password: '[not an argument]' } },
    ]);
  });

  it('audits no value that stands under a wrong name or in a wrong shape', async () => {
    const write = tool({ input: z.strictObject({ password: z.string(), user: z.string() }) });
    await call(write, { password: ['hunter2'], user: 'u', apiToken: 'hunter2' }).catch(() => {});
    expect(JSON.stringify(entries)).not.toContain('hunter2');
    expect(entries[0]?.arguments).toEqual({ password: '[redacted]', user: 'u', apiToken: '[not an argument]' });
  });

  it('records a caller who went away as such, not as a defect', async () => {
    const caller = new AbortController();
    const pending = call(tool({ run: () => new Promise(() => {}) }), {}, { signal: caller.signal });
    caller.abort();
    await expect(pending).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(entries[0]?.outcome).toBe('CANCELLED');
  });

  it('takes an id for the cluster that has it, not for one that is named like it', async () => {
    const [victim] = fleet;
    fleet.push(cluster(victim?.id ?? ''));
    try {
      expect((await call(names, { clusters: [victim?.id ?? ''] })).output).toEqual({ names: ['edge-1'] });
    } finally {
      fleet.pop();
    }
  });

  it('says that no cluster matches a selector, and refuses an empty list', async () => {
    await expect(call(names, { clusters: 'environment=NOPE' })).rejects.toMatchObject({ code: 'CLUSTER_NOT_FOUND' });
    await expect(call(names, { clusters: [] })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});
