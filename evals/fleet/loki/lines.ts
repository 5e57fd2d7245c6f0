/**
 * What the containers of one simulated cluster write, in step with what its exporters count: a line of level error for each request
 * that a counter says has failed, restarts and out-of-memory kills when they happen, and for each sampled request a line with its
 * trace id. A line is a function of seed, cluster and second, and of nothing else.
 */
import { LRUCache } from 'lru-cache';
import type { Inventory, Pod } from '../inventory.ts';
import { between, unit } from '../random.ts';
import { LONGEST_REQUEST_NS } from '../requests.ts';
import type { RequestStream } from '../requests.ts';
import type { Target } from '../metric-model.ts';
import { ROUTINE } from './routine.ts';

export type Level = 'error' | 'warn' | 'info' | 'debug';

export interface LogLine {
  /** Unix nanoseconds. */
  readonly ns: bigint;
  /** Shared by all lines of the stream. */
  readonly labels: Readonly<Record<string, string>>;
  readonly line: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly level: Level;
  /** The line with `<_>` for what differs, as Loki's pattern ingester would have it. */
  readonly pattern: string;
}

export interface LogLines {
  /** Lines of `fromNs` ≤ t < `toNs`, oldest first. */
  between(fromNs: bigint, toNs: bigint): Generator<LogLine, void, undefined>;
  /** The same, newest first. */
  backwards(fromNs: bigint, toNs: bigint): Generator<LogLine, void, undefined>;
}

const SECOND = 1_000_000_000n;
/** Lines are made and kept by the minute. */
const PIECE = 60n * SECOND;
const KEPT_PIECES = 90;

const TIMED_OUT = 'POST checkout:8080/orders: deadline exceeded while waiting for an answer';
const CALM_REASONS = [
  'catalog: query items: no connection of the pool was free',
  'checkout: insert order: could not serialize access',
  'storefront: session store did not answer',
];

export interface LogLinesOptions {
  readonly seed: string;
  readonly inventory: Inventory;
  /** The exporters of the cluster. */
  readonly targets: readonly Target[];
  readonly requests: RequestStream;
}

export function createLogLines(options: LogLinesOptions): LogLines {
  const pieces = new LRUCache<string, readonly LogLine[]>({ max: KEPT_PIECES });
  const pieceOf = (index: bigint): readonly LogLine[] => {
    const key = String(index);
    const kept = pieces.get(key);
    if (kept) return kept;
    const made = makePiece(options, index * PIECE);
    pieces.set(key, made);
    return made;
  };
  const within = (fromNs: bigint, toNs: bigint) => (line: LogLine) => line.ns >= fromNs && line.ns < toNs;
  return {
    *between(fromNs, toNs) {
      for (let index = fromNs / PIECE; index * PIECE < toNs; index++)
        yield* pieceOf(index).filter(within(fromNs, toNs));
    },
    *backwards(fromNs, toNs) {
      for (let index = (toNs - 1n) / PIECE; (index + 1n) * PIECE > fromNs; index--)
        yield* pieceOf(index).filter(within(fromNs, toNs)).toReversed();
    },
  };
}

function makePiece({ seed, inventory, targets, requests }: LogLinesOptions, startNs: bigint): LogLine[] {
  const lines: LogLine[] = [];
  const start = Number(startNs / SECOND);
  const cluster = inventory.spec.name;
  const access = accessLines(inventory, requests, startNs);
  for (const pod of inventory.pods) {
    const target = targets.find(({ path }) => path === `/application/${pod.name}/metrics`);
    const write = writerOf(pod);
    for (let second = start; second < start + Number(PIECE / SECOND); second++) {
      const draw = (what: string) => unit(seed, 'log', cluster, pod.name, second, what);
      if (target) lines.push(...failures(pod, target, second, inventory, access.traceOf, draw, write));
      if (pod.incident) lines.push(...lifecycle(pod, second, write));
      lines.push(...routine(pod, second, draw, write));
    }
  }
  lines.push(...access.lines, ...kernelLines(inventory, start));
  const alive = lines.filter(({ labels, ns }) => {
    const pod = inventory.pods.find(({ name }) => name === labels['pod']);
    return !pod?.isDown(Number(ns / 1_000_000n) / 1000);
  });
  return alive.sort((a, b) => (a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : 0));
}

type Write = (
  at: number | bigint,
  level: Level,
  pattern: string,
  values: readonly (string | number)[],
  metadata?: Readonly<Record<string, string>>,
) => LogLine;

/** `<_>` of the pattern is filled from the values in turn. `at` is Unix seconds or nanoseconds. */
function writerOf(pod: Pod): Write {
  const labels = {
    namespace: pod.namespace,
    pod: pod.name,
    container: pod.container,
    app: pod.deployment,
    node: pod.node.name,
    service_name: pod.deployment,
  };
  return (at, level, pattern, values, metadata = {}) => line(labels, at, level, pattern, values, metadata);
}

function line(
  labels: Readonly<Record<string, string>>,
  at: number | bigint,
  level: Level,
  pattern: string,
  values: readonly (string | number)[],
  metadata: Readonly<Record<string, string>> = {},
): LogLine {
  const ns = typeof at === 'bigint' ? at : BigInt(Math.round(at * 1e6)) * 1000n;
  const left = [...values];
  const text = pattern.replaceAll('<_>', () => String(left.shift() ?? ''));
  return { ns, labels, line: text, metadata: { detected_level: level, ...metadata }, level, pattern };
}

/** One line for each request that the pod's own counter of failures counts in this second. */
function failures(
  pod: Pod,
  target: Target,
  second: number,
  { incident }: Inventory,
  traceOf: (pod: string, handler: string, second: number) => string | undefined,
  draw: (what: string) => number,
  write: Write,
): LogLine[] {
  const counters = target.families.find(({ name }) => name === 'http_requests_total')?.samples ?? [];
  return counters.flatMap((counter) => {
    const { handler = '', method = '', code } = counter.labels;
    if (code !== '503') return [];
    const before = counter.value(second) ?? 0;
    const after = counter.value(second + 1) ?? 0;
    // A counter that fell has begun anew.
    const count = after >= before ? after - before : after;
    return Array.from({ length: count }, (_, index) => {
      const at = second + (index + 0.1 + 0.8 * draw(`${handler} ${index}`)) / count;
      const trace = index === 0 ? traceOf(pod.name, handler, second) : undefined;
      return failure(
        pod,
        {
          method,
          handler,
          at,
          trace,
          suffers: incident?.degradation(at) ?? 0,
          down: incident?.isDown(at) ?? false,
        },
        draw(`reason ${handler} ${index}`),
        write,
      );
    });
  });
}

interface Failure {
  readonly method: string;
  readonly handler: string;
  readonly at: number;
  readonly trace: string | undefined;
  readonly suffers: number;
  readonly down: boolean;
}

function failure(pod: Pod, about: Failure, chance: number, write: Write): LogLine {
  const { method, handler, at, trace, suffers, down } = about;
  const metadata = trace === undefined ? {} : { trace_id: trace };
  const id = trace ?? '-';
  if (pod.deployment === 'checkout')
    return write(
      at,
      'error',
      '{"level":"error","msg":"order not stored","error":"insert order: could not serialize access","route":"<_>","status":503,"order":"ord-<_>","trace_id":"<_>"}',
      [handler, Math.floor(chance * 900_000) + 100_000, id],
      metadata,
    );
  if (pod.deployment === 'catalog')
    return write(
      at,
      'error',
      '<_> ERROR [pool-<_>] query items failed: no connection of the pool was free after <_> ms',
      [iso(at), Math.floor(chance * 8), Math.floor(200 + chance * 800)],
      metadata,
    );
  const troubled = handler === '/cart' && suffers > 0;
  const reason = !troubled
    ? (CALM_REASONS[Math.floor(chance * CALM_REASONS.length)] ?? '')
    : down
      ? 'POST checkout:8080/orders: connect: connection refused'
      : TIMED_OUT;
  return write(
    at,
    'error',
    `level=error msg="request failed" method=${method} route=${handler} status=503 duration_ms=<_> reason="${reason}" trace_id=<_>`,
    [Math.floor(troubled ? 1500 + chance * 3500 : 80 + chance * 400), id],
    metadata,
  );
}

/** Sampled requests that end in this piece, and which trace a failure of a pod in a second belongs to. */
function accessLines(inventory: Inventory, requests: RequestStream, startNs: bigint) {
  const cluster = inventory.spec.name;
  const pods = new Map(inventory.pods.map((pod) => [pod.name, writerOf(pod)]));
  const traces = new Map<string, string>();
  const lines: LogLine[] = [];
  for (const request of requests.between(cluster, startNs - LONGEST_REQUEST_NS, startNs + PIECE)) {
    for (const span of request.spans) {
      const endNs = span.startNs + span.durationNs;
      const write = pods.get(span.pod);
      if (span.kind !== 'SERVER' || span.cluster !== cluster || !write || endNs < startNs || endNs >= startNs + PIECE)
        continue;
      const [method = '', route = ''] = span.name.split(' ');
      const status = span.error === undefined ? 200 : 503;
      if (status === 503) traces.set(`${span.pod} ${route} ${endNs / SECOND}`, request.traceId);
      const ms = (Number(span.durationNs) / 1e6).toFixed(1);
      const metadata = { trace_id: request.traceId, span_id: span.spanId };
      if (span.service === 'checkout')
        lines.push(
          write(
            endNs,
            'info',
            '{"level":"info","msg":"served","method":"<_>","route":"<_>","status":<_>,"duration_ms":<_>,"trace_id":"<_>"}',
            [method, route, status, ms, request.traceId],
            metadata,
          ),
        );
      else if (span.service === 'catalog')
        lines.push(
          write(
            endNs,
            'info',
            '<_> INFO [http] <_> <_> <_> in <_> ms trace=<_>',
            [iso(Number(endNs) / 1e9), method, route, status, ms, request.traceId],
            metadata,
          ),
        );
      else
        lines.push(
          write(
            endNs,
            'info',
            'level=info msg=served method=<_> route=<_> status=<_> duration_ms=<_> trace_id=<_>',
            [method, route, status, ms, request.traceId],
            metadata,
          ),
        );
    }
  }
  return {
    lines,
    traceOf: (pod: string, handler: string, second: number) => traces.get(`${pod} ${handler} ${second}`),
  };
}

/** The container of the incident: its starts, its filling heap, its last words. */
function lifecycle(pod: Pod, second: number, write: Write): LogLine[] {
  const { incident } = pod;
  if (!incident) return [];
  const version = pod.image.slice(pod.image.lastIndexOf(':') + 1);
  const mib = (bytes: number) => Math.round(bytes / 1024 ** 2);
  const limit = mib(pod.memoryLimitBytes);
  const lines: LogLine[] = [];
  if (incident.restarts(second) > incident.restarts(second - 1))
    lines.push(
      write(second, 'info', '{"level":"info","msg":"starting checkout <_>","restarts":<_>}', [
        version,
        incident.restarts(second),
      ]),
      write(second + 0.4, 'info', '{"level":"info","msg":"listening on :8080"}', []),
    );
  const filled = incident.leak(second) ?? 0;
  if (filled > 0.7 && second % 5 === 0)
    lines.push(
      write(
        second + 0.2,
        'warn',
        '{"level":"warn","msg":"heap nearly full: <_> of <_> MiB, collector used <_> ms of the last second"}',
        [mib(pod.workingSetBytes(second) ?? 0), limit, Math.round(700 * filled ** 2)],
      ),
    );
  if (incident.kills(second + 1) > incident.kills(second))
    lines.push(
      write(
        second + 0.9,
        'error',
        '{"level":"error","msg":"heap exhausted: cannot allocate <_> bytes, <_> of <_> MiB in use"}',
        [65_536, limit, limit],
      ),
    );
  return lines;
}

/** What the kernel of the node says of each kill. */
function kernelLines({ pods, incident }: Inventory, start: number): LogLine[] {
  const pod = pods.find((one) => one.incident !== undefined);
  if (!pod || !incident) return [];
  const labels = { job: 'systemd-journal', node: pod.node.name, unit: 'kernel', service_name: 'kernel' };
  return Array.from({ length: Number(PIECE / SECOND) }, (_, index) => start + index).flatMap((second) => {
    const kills = incident.kills(second + 1);
    if (kills <= incident.kills(second)) return [];
    const process = 4000 + kills * 37;
    return [
      line(
        labels,
        second + 0.95,
        'error',
        'Memory cgroup out of memory: Killed process <_> (checkout) total-vm:<_>kB, anon-rss:<_>kB, namespace=<_> pod=<_>',
        [process, pod.memoryLimitBytes / 512, pod.memoryLimitBytes / 1024, pod.namespace, pod.name],
      ),
    ];
  });
}

/** What a program says while nothing happens: each of its sayings about as often as its period tells. */
function routine(pod: Pod, second: number, draw: (what: string) => number, write: Write): LogLine[] {
  return (ROUTINE[pod.deployment] ?? []).flatMap(({ level, pattern, everySeconds, values }, index) =>
    draw(`routine ${index}`) < 1 / everySeconds
      ? [
          write(
            second + draw(`moment ${index}`) * 0.999,
            level,
            pattern,
            values((what, low, high) => Math.floor(between(low, high, pod.name, second, index, what)), iso(second)),
          ),
        ]
      : [],
  );
}

function iso(unixSeconds: number): string {
  return new Date(Math.floor(unixSeconds * 1000)).toISOString();
}
