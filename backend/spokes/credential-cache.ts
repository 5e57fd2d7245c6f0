import { AppError } from '../model/errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { UsableCredentials } from './auth.ts';

/** Credentials as they were stored a moment ago, so that a fan-out does not read and decrypt them for every question. */
export interface CredentialCache {
  get(clusterId: string): Promise<UsableCredentials | undefined>;
  /** As they are stored now. */
  fresh(clusterId: string): Promise<UsableCredentials | undefined>;
  forget(clusterId: string): void;
}

interface Entry {
  readonly loadedMs: number;
  readonly credentials: Promise<UsableCredentials | undefined>;
}

/**
 * Loads that come together share one. When the store does not answer, what was loaded last serves on: credentials do not end
 * because the place where they are kept is away, and a cluster is not down for that.
 */
export function createCredentialCache(parts: {
  readonly load: (clusterId: string) => Promise<UsableCredentials | undefined>;
  readonly clock: Clock;
  readonly keptMs: number;
}): CredentialCache {
  const { load, clock, keptMs } = parts;
  const entries = new Map<string, Entry>();
  /** Reloads under way, apart from the entries: what was loaded before a 401 may be what was refused. */
  const reloading = new Map<string, Promise<UsableCredentials | undefined>>();

  function remember(clusterId: string): Promise<UsableCredentials | undefined> {
    const earlier = entries.get(clusterId);
    const credentials = load(clusterId);
    const entry: Entry = { loadedMs: clock.monotonicMs(), credentials };
    entries.set(clusterId, entry);
    credentials.catch(() => {
      if (entries.get(clusterId) !== entry) return;
      if (earlier) entries.set(clusterId, earlier);
      else entries.delete(clusterId);
    });
    return credentials;
  }

  return {
    get: async (clusterId) => {
      const entry = entries.get(clusterId);
      if (!entry) return remember(clusterId);
      if (clock.monotonicMs() - entry.loadedMs < keptMs) return entry.credentials;
      return remember(clusterId).catch((error: unknown) => {
        if (error instanceof AppError && error.code === 'STORE_UNAVAILABLE') return entry.credentials;
        throw error;
      });
    },
    fresh: (clusterId) => {
      const under = reloading.get(clusterId);
      if (under) return under;
      const reload = remember(clusterId).finally(() => reloading.delete(clusterId));
      reloading.set(clusterId, reload);
      return reload;
    },
    forget: (clusterId) => {
      entries.delete(clusterId);
    },
  };
}
