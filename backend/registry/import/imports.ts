import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../../model/errors.ts';
import type { ClusterSource } from '../../model/cluster.ts';
import type { Spokes } from '../../spokes/spokes.ts';
import type { Credentials } from '../credentials/credentials.ts';
import type { ClusterRegistry, SourcedCluster } from '../registry.ts';
import { keyOf, readManagedClusters, wantedOfManagedClusters } from './acm.ts';
import { credentialsOfFile, wantedOfFile } from './file.ts';
import { wantedOfKubeconfig } from './kubeconfig.ts';
import { ImportStep, type Planned, planImport, type SourceState } from './plan.ts';

export const ImportReport = z.strictObject({ dry_run: z.boolean(), steps: z.array(ImportStep) });
export type ImportReport = z.infer<typeof ImportReport>;

export type ImportRequest =
  | { readonly source: 'KUBECONFIG'; readonly kubeconfig: string; readonly contexts?: readonly string[] | undefined }
  | { readonly source: 'FILE' }
  | { readonly source: 'ACM'; readonly hub: string };

export interface Imports {
  /**
   * Brings the fleet in step with a source; with `dry_run` only says what would be done. One cluster that fails does not stop
   * the others. What a kubeconfig does not have is never removed; it may be another one than last time. Throws
   * VALIDATION_FAILED, CREDENTIALS_INVALID, CLUSTER_NOT_FOUND (of the hub), the hub's error; nothing is changed then.
   */
  run(request: ImportRequest, options: { dry_run: boolean; signal?: AbortSignal }): Promise<ImportReport>;
}

export interface ImportParts {
  readonly registry: Pick<ClusterRegistry, 'create' | 'update' | 'remove' | 'list' | 'listBySource' | 'get'>;
  readonly credentials: Pick<Credentials, 'set' | 'keep'>;
  readonly spokes: Pick<Spokes, 'target' | 'kubernetes'>;
  /** Undefined = none is configured. */
  readonly clustersFile: ClustersFile | undefined;
}

/** The declared fleet on disk. Both throw VALIDATION_FAILED when the file cannot be read. */
export interface ClustersFile {
  read(): Promise<string>;
  /** A file that it names; a relative path starts at its folder. */
  readNamed(file: string): Promise<string>;
}

const HUB_TIMEOUT_MS = 15_000;

interface Read {
  readonly state: SourceState;
  /** Which of the clusters from that kind of source are of this one. */
  readonly isOurs: (sourced: SourcedCluster) => boolean;
  readonly keep: boolean;
}

/** The registration stands; its credentials are for an operator to set. */
function withoutCredentials(error: unknown): never {
  if (!(error instanceof AppError) || error.code === 'STORE_UNAVAILABLE') throw error;
  throw new AppError(error.code, `It is registered, but its credentials were not stored: ${error.message}`, {
    cause: error,
  });
}

function withRenewed(step: ImportStep): ImportStep {
  return { ...step, action: 'UPDATE', detail: step.detail === null ? 'credentials' : `${step.detail}, credentials` };
}

export function createImports({ registry, credentials, spokes, clustersFile }: ImportParts): Imports {
  /** By cluster, of the credentials that were kept last: most rounds change nothing and need not open what is stored. */
  const keptLast = new Map<string, string>();

  /** Whether they changed. */
  async function keepCredentials(id: string, file: string): Promise<boolean> {
    if (!clustersFile) return false;
    const text = await clustersFile.readNamed(file);
    const digest = createHash('sha256').update(text).digest('hex');
    if (keptLast.get(id) === digest) return false;
    const changed = await credentials.keep(id, credentialsOfFile(text, file));
    keptLast.set(id, digest);
    return changed;
  }

  async function read(request: ImportRequest, signal: AbortSignal | undefined): Promise<Read> {
    switch (request.source) {
      case 'KUBECONFIG':
        return { state: wantedOfKubeconfig(request.kubeconfig, request.contexts), isOurs: () => true, keep: true };
      case 'FILE':
        if (!clustersFile)
          throw new AppError('VALIDATION_FAILED', 'No clusters file is configured.', {
            hint: 'Set AIOPS_CLUSTERS_FILE.',
          });
        return { state: wantedOfFile(await clustersFile.read()), isOurs: () => true, keep: false };
      case 'ACM': {
        const hub = await registry.get(request.hub);
        const limits = { timeoutMs: HUB_TIMEOUT_MS, ...(signal ? { signal } : {}) };
        const state = wantedOfManagedClusters(await readManagedClusters(hub, spokes, limits), hub.name);
        const isOurs = ({ source_key }: SourcedCluster) => source_key?.startsWith(keyOf(hub.name, '')) ?? false;
        // A hub always manages itself: one that lists nobody has lost its inventory, and its clusters are still there.
        return { state, isOurs, keep: state.wanted.length + state.unusable.length === 0 };
      }
    }
  }

  async function apply(planned: Planned, source: ClusterSource): Promise<ImportStep> {
    try {
      if ('add' in planned) {
        const { input, source_key, credentials: given, credentials_file } = planned.add;
        const cluster = await registry.create(input, { source, source_key });
        if (given) await credentials.set(cluster.id, given).catch(withoutCredentials);
        if (credentials_file !== undefined)
          await keepCredentials(cluster.id, credentials_file).catch(withoutCredentials);
      } else if ('update' in planned) {
        const { id, patch, credentials_file } = planned.update;
        if (patch) await registry.update(id, patch);
        const renewed =
          credentials_file !== undefined && (await keepCredentials(id, credentials_file).catch(withoutCredentials));
        if (renewed) return withRenewed(planned.step);
      } else if ('remove' in planned) {
        await registry.remove(planned.remove);
        keptLast.delete(planned.remove);
      }
      return planned.step;
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'STORE_UNAVAILABLE') throw error;
      return { ...planned.step, action: 'FAILED', detail: error.message };
    }
  }

  return {
    run: async (request, { dry_run, signal }) => {
      const { state, isOurs, keep } = await read(request, signal);
      const registered = (await registry.listBySource(request.source)).filter(isOurs);
      const planned = planImport(state, { registered, fleet: await registry.list(), keep });
      const steps: ImportStep[] = [];
      for (const one of planned) {
        signal?.throwIfAborted();
        steps.push(dry_run ? one.step : await apply(one, request.source));
      }
      return { dry_run, steps };
    },
  };
}
