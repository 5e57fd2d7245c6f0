import { LRUCache } from 'lru-cache';
import type { Clock } from '../../platform/clock.ts';
import type { Freshness } from './cache-ttl.ts';
import { sizeOf } from './value-size.ts';

/** A whole answer of one cluster; shared by all who are served from the cache, so nobody may change it. */
export interface CachedAnswer {
  readonly value: unknown;
  /** What the query language said about it. */
  readonly warnings: readonly string[];
}

export interface CacheHit extends CachedAnswer {
  /** Milliseconds since the spoke gave it. */
  readonly ageMs: number;
  /** Past its time: to be renewed. */
  readonly stale: boolean;
}

/** Answers of clusters, bounded by bytes and by number; the one that was used longest ago goes first. */
export interface ReadCache {
  get(key: string): CacheHit | undefined;
  /** One that alone is larger than an eighth of the cache is not kept. */
  set(key: string, answer: CachedAnswer, freshness: Freshness): void;
  /** Lets go of every answer whose key begins so. */
  forget(keyPrefix: string): void;
}

interface Entry extends CachedAnswer {
  readonly atMs: number;
  readonly freshUntilMs: number;
}

const MAX_ENTRIES = 20_000;

/** `maxBytes` 0 keeps nothing. */
export function createReadCache({ clock, maxBytes }: { clock: Clock; maxBytes: number }): ReadCache {
  if (maxBytes === 0) return { get: () => undefined, set: () => undefined, forget: () => undefined };
  const maxEntrySize = Math.ceil(maxBytes / 8);
  const entries = new LRUCache<string, Entry>({
    max: MAX_ENTRIES,
    maxSize: maxBytes,
    maxEntrySize,
    sizeCalculation: ({ value, warnings }, key) => Math.ceil(key.length + sizeOf([value, warnings])),
    perf: { now: () => clock.monotonicMs() },
    ttlResolution: 0,
  });
  return {
    get: (key) => {
      const entry = entries.get(key);
      if (!entry) return undefined;
      const nowMs = clock.monotonicMs();
      const { value, warnings, atMs, freshUntilMs } = entry;
      return { value, warnings, ageMs: nowMs - atMs, stale: nowMs > freshUntilMs };
    },
    set: (key, { value, warnings }, { ttlMs, staleMs = 0 }) => {
      if (ttlMs <= 0) return;
      const atMs = clock.monotonicMs();
      entries.set(key, { value, warnings, atMs, freshUntilMs: atMs + ttlMs }, { ttl: ttlMs + staleMs });
    },
    forget: (keyPrefix) => {
      for (const key of entries.keys()) if (key.startsWith(keyPrefix)) entries.delete(key);
    },
  };
}
