/**
 * `node scripts/bootstrap.mjs run evals/bench/record-answers.ts`: starts the demo fleet and the built server, asks the twelve
 * questions as a model does (MCP) and reads what it would have to read instead, and writes `answers/*.json`.
 */
import { request } from 'node:https';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { registerClusters, waitForHealth } from '../demo/registration.ts';
import { startServer } from '../demo/server.ts';
import { type Fleet, startFleet } from '../fleet/fleet.ts';
import { type AnswerCase, ANSWER_CASES } from './answer-cases.ts';
import { ANSWERS_FOLDER, type RecordedAnswer, modelText, tokensOf } from './answer-record.ts';

const PORT = 18_473;
const POINTS = 120;
const Called = z.object({
  result: z.object({
    content: z.array(z.looseObject({ text: z.string().optional() })),
    structuredContent: z.record(z.string(), z.unknown()),
    isError: z.literal(false).optional(),
  }),
});

const endMs = Math.floor(Date.now() / 60_000 - 1) * 60_000;
const window = { start: new Date(endMs - 6 * 3_600_000).toISOString(), end: new Date(endMs).toISOString() };
const root = path.resolve(import.meta.dirname, '../..');
const folder = await mkdtemp(path.join(tmpdir(), 'aiops-answers-'));
const { signal } = new AbortController();
const fleet = await startFleet({
  seed: 'aiops',
  dir: path.join(folder, 'fleet'),
  historyHours: 8,
  incidentDelaySeconds: -1200,
});
try {
  const server = await startServer({ root, folder, dataDir: path.join(folder, 'data'), port: PORT, signal });
  try {
    await waitForHealth(server.url, await registerClusters(server.url, fleet, signal), signal);
    for (const one of ANSWER_CASES) await record(one, server.url, fleet);
  } finally {
    await server.stop();
  }
} finally {
  await fleet.stop();
  await rm(folder, { recursive: true, force: true });
}

async function record(one: AnswerCase, url: string, from: Fleet): Promise<void> {
  const { id, question, tool } = one;
  const input = 'start' in one.input ? { ...one.input, ...window } : one.input;
  const { content, structuredContent } = await callByMcp(url, tool, input);
  const bodies = await rawOf({ ...one, input }, url, from);
  const recorded: RecordedAnswer = {
    id,
    question,
    tool,
    input,
    recorded_at: new Date().toISOString(),
    raw: { kind: one.raw.kind, characters: bodies.reduce((sum, body) => sum + body.length, 0) },
    answer: { text: content[0]?.text ?? '', output: structuredContent },
    expected: one.expected(bodies),
  };
  const text = modelText(recorded);
  const missing = recorded.expected.filter((part) => !text.includes(part));
  if (missing.length > 0) throw new Error(`${id}: the answer lacks ${missing.join(', ')}\n${text}`);
  await writeFile(path.join(ANSWERS_FOLDER, `${id}.json`), `${JSON.stringify(recorded, null, 2)}\n`);
  const share = (100 * text.length) / recorded.raw.characters;
  process.stdout.write(
    `${id}: ${tokensOf(text.length)} of ${tokensOf(recorded.raw.characters)} tokens, ${share.toFixed(1)} %\n`,
  );
}

async function callByMcp(url: string, tool: string, input: object) {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'recorder', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const response = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': tool,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: tool, arguments: input, _meta: meta },
    }),
  });
  const text = await response.text();
  const message = /^data: ?(\{.*\})$/m.exec(text)?.[1] ?? text;
  const parsed = Called.safeParse(JSON.parse(message));
  if (!parsed.success) throw new Error(`${tool} answered ${text.slice(0, 1000)}`);
  return parsed.data.result;
}

async function rawOf({ raw, tool, input }: AnswerCase, url: string, from: Fleet): Promise<string[]> {
  if (raw.kind === 'REST') {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/api/v1/tools/${tool}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(input),
    });
    return [await response.text()];
  }
  if (raw.kind === 'API') {
    const cluster = from.cluster(raw.cluster);
    return Promise.all(raw.paths.map((one) => get(`${cluster.apiServerUrl}${one}`, cluster.apiToken, from.caPem)));
  }
  const running = from.clusters.filter(({ spec }) => spec.prometheusRuns);
  return Promise.all(
    running.flatMap(({ prometheusUrl }) =>
      raw.paths.map(async (one) => (await fetch(`${prometheusUrl}${windowPath(one, input)}`)).text()),
    ),
  );
}

/** The two windows that get_metric_trends asks for, as range queries. */
function windowPath(which: string, input: AnswerCase['input']): string {
  if (which !== 'NOW' && which !== 'BEFORE') return which;
  const seconds = 3 * 3600;
  const end = Math.floor(Date.now() / 1000) - (which === 'BEFORE' ? seconds : 0);
  const query = new URLSearchParams({
    query: String(input['query']),
    start: String(end - seconds),
    end: String(end),
    step: String(Math.ceil(seconds / POINTS)),
  });
  return `/api/v1/query_range?${query.toString()}`;
}

function get(url: string, token: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request(url, { ca, headers: { authorization: `Bearer ${token}` } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (piece: string) => (body += piece));
      response.on('end', () => resolve(body));
    })
      .on('error', reject)
      .end();
  });
}
