import path from 'node:path';
import { z } from 'zod';
import { type Child, startChild } from './child.ts';
import { type Era, type McpCaller, createMcpCaller } from './mcp-caller.ts';
import type { Row } from './report.ts';
import { interleave, timed } from './rounds.ts';
import { median } from './statistics.ts';

/*
 * `tools/call` against a bare SDK server. The tool is get_fleet_summary on an empty fleet: it lists the registry once and
 * works out next to nothing, so what is left is what every call pays. The bar reads: 1.3 times the bare SDK for the door and
 * the dispatcher, and 2 ms more for identity, permission, the tool's one question to the registry, and the audit record.
 */

const TOOL = 'get_fleet_summary';
const EXPECTED = '"total_clusters":0';

const SIDES = {
  bare: { server: 'bare-server', title: 'bare SDK server' },
  door: { server: 'door-server', title: 'door and dispatch in memory' },
  none: { server: 'product-server', title: 'whole server on PGlite, auth none' },
  token: { server: 'product-server', title: 'whole server on PGlite, auth token' },
} as const;
type Side = keyof typeof SIDES;
const ALL_SIDES: readonly Side[] = ['bare', 'door', 'none', 'token'];

/** Calls in a row before the next server has its turn. */
const LATENCY_CALLS = 12;
const THROUGHPUT_CALLS = 160;
const CONCURRENCY = 8;
const WARM_UP = { rounds: 6, budgetMs: 5_000 };
const LATENCY = { rounds: 25, budgetMs: 6_000 };
const THROUGHPUT = { rounds: 7, budgetMs: 8_000 };
const FACTOR = 1.3;
const EXTRA_MS = 2;
const LEAST_SHARE = 0.7;

const Ready = z.object({ url: z.url(), sessionsUrl: z.url().optional(), token: z.string().optional() });
type Ready = z.infer<typeof Ready>;

interface Subject {
  readonly side: Side;
  readonly caller: McpCaller;
  /** Milliseconds of each call that was made alone. */
  readonly latencies: number[];
  /** Calls a second of each turn with CONCURRENCY calls at a time. */
  readonly rates: number[];
}

export async function measureToolCalls(folder: string): Promise<Row[]> {
  const servers = new Map<Side, Child<Ready>>();
  try {
    for (const side of ALL_SIDES) servers.set(side, await startSide(side, folder));
    const rows: Row[] = [];
    for (const era of ['2026', '2025'] as const) rows.push(...(await measureEra(era, servers)));
    return rows;
  } finally {
    await Promise.all([...servers.values()].map((server) => server.stop()));
  }
}

function startSide(side: Side, folder: string): Promise<Child<Ready>> {
  const { server } = SIDES[side];
  const env = {
    AIOPS_HOST: '127.0.0.1',
    AIOPS_PORT: '0',
    AIOPS_AUTH_MODE: side,
    AIOPS_DATA_DIR: path.join(folder, `data-${side}`),
    AIOPS_ENCRYPTION_KEY_FILE: path.join(folder, `key-${side}`),
  };
  return startChild({ server, env: server === 'product-server' ? env : {}, folder, ready: Ready });
}

async function measureEra(era: Era, servers: ReadonlyMap<Side, Child<Ready>>): Promise<Row[]> {
  const subjects: Subject[] = [];
  try {
    for (const [side, { ready }] of servers) {
      const url = era === '2025' ? (ready.sessionsUrl ?? ready.url) : ready.url;
      const wanted = { url, era, tool: TOOL, expected: EXPECTED, token: ready.token, connections: CONCURRENCY };
      subjects.push({ side, caller: await createMcpCaller(wanted), latencies: [], rates: [] });
    }
    await interleave(subjects, WARM_UP, ({ caller }) => burst(caller));
    await interleave(subjects, LATENCY, async ({ caller, latencies }) => {
      for (let i = 0; i < LATENCY_CALLS; i += 1) latencies.push(await timed(() => caller.call()));
    });
    await interleave(subjects, THROUGHPUT, async ({ caller, rates }) => {
      rates.push(THROUGHPUT_CALLS / ((await timed(() => burst(caller))) / 1000));
    });
    return rowsOf(era, subjects);
  } finally {
    await Promise.all(subjects.map(({ caller }) => caller.close()));
  }
}

/** THROUGHPUT_CALLS calls, CONCURRENCY at a time. */
async function burst(caller: McpCaller): Promise<void> {
  let left = THROUGHPUT_CALLS;
  const work = async () => {
    while (left > 0) {
      left -= 1;
      await caller.call();
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
}

function rowsOf(era: Era, subjects: readonly Subject[]): Row[] {
  const of = (side: Side) => subjects.filter((subject) => subject.side === side);
  const p50 = (side: Side) => median(of(side).flatMap(({ latencies }) => latencies));
  const rate = (side: Side) => median(of(side).flatMap(({ rates }) => rates));
  const sides = ALL_SIDES.filter((side) => side !== 'bare');
  const latency = sides.map((side): Row => {
    const [ours, baseline] = [p50(side), p50('bare')];
    const extra = side === 'door' ? 0 : EXTRA_MS;
    const bar = `≤ ${FACTOR} × bare SDK${extra === 0 ? '' : ` + ${extra} ms`}`;
    const met = ours <= FACTOR * baseline + extra;
    return { measure: `tools/call ${era} p50, ${SIDES[side].title}`, ours, baseline, unit: 'ms', bar, met };
  });
  const throughput = sides.map((side): Row => {
    const [ours, baseline] = [rate(side), rate('bare')];
    const bar = `≥ ${LEAST_SHARE * 100} % of bare SDK`;
    const met = ours >= LEAST_SHARE * baseline;
    const measure = `tools/call ${era} ${CONCURRENCY} at a time, ${SIDES[side].title}`;
    return { measure, ours, baseline, unit: 'calls/s', bar, met };
  });
  return [...latency, ...throughput];
}
