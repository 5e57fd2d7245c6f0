import { z } from 'zod';
import { type Child, startChild } from './child.ts';
import { type Era, type McpCaller, createMcpCaller } from './mcp-caller.ts';
import type { Row } from './report.ts';
import { interleave, timed } from './rounds.ts';
import { median } from './statistics.ts';

/*
 * `tools/call` against a bare SDK server. The tool is get_fleet_summary on an empty fleet: it asks the registry once and works
 * out next to nothing, so what is left is what every call pays.
 */

const TOOL = 'get_fleet_summary';
const EXPECTED = '"total_clusters":0';

const WARM_UP_CALLS = 400;
/** Calls in a row before the next server has its turn. */
const TURN_CALLS = 20;
const LATENCY_ROUNDS = 40;
const THROUGHPUT_ROUNDS = 7;
const THROUGHPUT_CALLS = 240;
const CONCURRENCY = 8;

const Ready = z.object({ url: z.url(), sessionsUrl: z.url().optional(), token: z.string().optional() });
type Ready = z.infer<typeof Ready>;
type Side = 'bare' | 'none' | 'token';

interface Subject {
  readonly side: Side;
  readonly caller: McpCaller;
  /** Milliseconds of each call made one at a time. */
  readonly latencies: number[];
  /** Calls a second of each round. */
  readonly rates: number[];
}

export async function measureToolCalls(folder: string): Promise<Row[]> {
  const servers: Partial<Record<Side, Child<Ready>>> = {};
  const started = new Map<Side, Ready>();
  try {
    for (const side of ['bare', 'none', 'token'] as const) {
      const child = await startSide(side, folder);
      servers[side] = child;
      started.set(side, child.ready);
    }
    const rows: Row[] = [];
    for (const era of ['2026', '2025'] as const) rows.push(...(await measureEra(era, started)));
    return rows;
  } finally {
    await Promise.all(Object.values(servers).map((server) => server.stop()));
  }
}

function startSide(side: Side, folder: string): Promise<Child<Ready>> {
  if (side === 'bare') return startChild({ server: 'bare-server', env: {}, folder, ready: Ready });
  const env = {
    AIOPS_HOST: '127.0.0.1',
    AIOPS_PORT: '0',
    AIOPS_AUTH_MODE: side,
    AIOPS_DATA_DIR: `${folder}/data-${side}`,
    AIOPS_ENCRYPTION_KEY_FILE: `${folder}/key-${side}`,
  };
  return startChild({ server: 'product-server', env, folder, ready: Ready });
}

async function measureEra(era: Era, servers: ReadonlyMap<Side, Ready>): Promise<Row[]> {
  const subjects: Subject[] = [];
  try {
    for (const [side, ready] of servers) {
      const url = era === '2025' ? (ready.sessionsUrl ?? ready.url) : ready.url;
      const caller = await createMcpCaller({
        url,
        era,
        tool: TOOL,
        expected: EXPECTED,
        token: ready.token,
        connections: CONCURRENCY,
      });
      subjects.push({ side, caller, latencies: [], rates: [] });
    }
    await interleave(subjects, WARM_UP_CALLS / TURN_CALLS, ({ caller }) => burst(caller, TURN_CALLS));
    await interleave(subjects, LATENCY_ROUNDS, async ({ caller, latencies }) => {
      for (let i = 0; i < TURN_CALLS; i += 1) latencies.push(await timed(() => caller.call()));
    });
    await interleave(subjects, THROUGHPUT_ROUNDS, async ({ caller, rates }) => {
      rates.push(THROUGHPUT_CALLS / ((await timed(() => burst(caller, THROUGHPUT_CALLS))) / 1000));
    });
    return rowsOf(era, subjects);
  } finally {
    await Promise.all(subjects.map(({ caller }) => caller.close()));
  }
}

/** Makes `calls` calls, CONCURRENCY at a time. */
async function burst(caller: McpCaller, calls: number): Promise<void> {
  let left = calls;
  const work = async () => {
    while (left > 0) {
      left -= 1;
      await caller.call();
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
}

function rowsOf(era: Era, subjects: readonly Subject[]): Row[] {
  const p50 = (side: Side) => median(subjects.filter((one) => one.side === side).flatMap((one) => one.latencies));
  const rate = (side: Side) => median(subjects.filter((one) => one.side === side).flatMap((one) => one.rates));
  const [bare, none, token] = [p50('bare'), p50('none'), p50('token')];
  const name = (what: string) => `tools/call ${era}, ${what}`;
  const throughput = (side: Side, what: string): Row => ({
    measure: name(`${what}, ${CONCURRENCY} at a time`),
    ours: rate(side),
    baseline: rate('bare'),
    unit: 'calls/s',
    bar: '≥ 70 % of a bare SDK server',
    met: rate(side) >= 0.7 * rate('bare'),
  });
  return [
    {
      measure: name('auth none, p50'),
      ours: none,
      baseline: bare,
      unit: 'ms',
      bar: '≤ 1.3 × bare',
      met: none <= 1.3 * bare,
    },
    {
      measure: name('auth token, p50'),
      ours: token,
      baseline: bare,
      unit: 'ms',
      bar: '≤ bare + 2 ms',
      met: token <= bare + 2,
    },
    throughput('none', 'auth none'),
    throughput('token', 'auth token'),
  ];
}
