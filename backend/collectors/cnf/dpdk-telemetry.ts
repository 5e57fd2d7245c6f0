import { z } from 'zod';
import type { DpdkPort } from '../../model/cnf.ts';

/*
 * What dpdk-telemetry.py prints (DPDK usertools; wire.md §7.3): one JSON object for each command, `{"/ethdev/stats": {…}}`, between lines
 * that are not JSON. Counters are unsigned 64-bit, so whole numbers are read as BigInt and never as a double.
 */

const MOST_XSTATS = 256;
/** Of EAL: speed of a link whose speed is not known (RTE_ETH_SPEED_NUM_UNKNOWN). */
const UNKNOWN_SPEED = 4_294_967_295n;
const MOST_UINT64 = 18_446_744_073_709_551_615n;

/** Answers by command, such as `/ethdev/stats,0` by `/ethdev/stats`; in the order they were printed. */
export type Replies = readonly { readonly command: string; readonly value: unknown }[];

/** Every JSON object that the program printed. What is not one is skipped: prompts, and words about the connection. */
export function repliesOf(text: string): Replies {
  return objectsIn(text).flatMap((written) => {
    const parsed = Reply.safeParse(exactJson(written));
    return parsed.success ? Object.entries(parsed.data).map(([command, value]) => ({ command, value })) : [];
  });
}

const Reply = z.record(z.string(), z.unknown());

/** JSON whose whole numbers are BigInt, exact whatever their size. Undefined = it is not JSON. */
export function exactJson(text: string): unknown {
  const exact = (_key: string, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' && context?.source !== undefined && /^-?\d+$/.test(context.source)
      ? BigInt(context.source)
      : value;
  try {
    return JSON.parse(text, exact);
  } catch {
    return undefined;
  }
}

/** The outermost `{…}` of a text, strings inside them heeded. One that never ends is none. */
function objectsIn(text: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let start = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (inString) {
      if (char === '\\') at++;
      else if (char === '"') inString = false;
      continue;
    }
    if (char === '"' && depth > 0) inString = true;
    else if (char === '{') {
      if (depth === 0) start = at;
      depth++;
    } else if (char === '}' && depth > 0) {
      depth--;
      if (depth === 0) found.push(text.slice(start, at + 1));
    }
  }
  return found;
}

const Counter = z.bigint().min(0n).max(MOST_UINT64);

/** The counters of an object as decimal text; what is no unsigned 64-bit number (lists of queues, text) is left out. */
export function countersOf(value: unknown): Record<string, string> {
  const record = Reply.safeParse(value);
  if (!record.success) return {};
  return Object.fromEntries(
    Object.entries(record.data).flatMap(([name, one]) => {
      const counter = Counter.safeParse(one);
      return counter.success ? [[name.slice(0, 120), String(counter.data)] as const] : [];
    }),
  );
}

/** Port numbers of `/ethdev/list`. Undefined = the program does not know the command, or failed at it. */
export function portsOf(replies: Replies): string[] | undefined {
  const list = z.array(Counter).safeParse(replies.find(({ command }) => command === '/ethdev/list')?.value);
  return list.success ? list.data.map(String) : undefined;
}

/** As `/info` tells it, such as `DPDK 23.11.0`. */
export function versionOf(replies: Replies): string | null {
  const info = z.object({ version: z.string() }).safeParse(replies.find(({ command }) => command === '/info')?.value);
  return info.success ? info.data.version.slice(0, 100) : null;
}

const Link = z.object({ status: z.string(), speed: z.bigint().optional(), duplex: z.string().optional() });

/** One port out of the answers to its own three commands. */
export function portOf(port: string, replies: Replies): DpdkPort {
  const value = (command: string) => replies.find((reply) => reply.command === command)?.value;
  const link = Link.safeParse(value('/ethdev/link_status'));
  const xstats = Object.entries(countersOf(value('/ethdev/xstats')));
  const told = [...xstats.filter(([, count]) => count !== '0'), ...xstats.filter(([, count]) => count === '0')];
  return {
    port,
    link: link.success
      ? {
          up: link.data.status.toUpperCase() === 'UP',
          speed_mbps:
            link.data.speed === undefined || link.data.speed >= UNKNOWN_SPEED ? null : Number(link.data.speed),
          duplex: link.data.duplex?.slice(0, 40) ?? null,
        }
      : null,
    stats: countersOf(value('/ethdev/stats')),
    xstats: Object.fromEntries(told.slice(0, MOST_XSTATS)),
    xstats_total: xstats.length,
  };
}
