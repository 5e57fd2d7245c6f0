import { readFile } from 'node:fs/promises';
import { AppError } from '../../model/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import type { SpokeTarget } from '../../spokes/transport.ts';

export interface InClusterFiles {
  readonly apiServerUrl: string;
  /** Token of this server's own account; Kubernetes writes a new one into the file within the hour. */
  readonly tokenFile: string;
  /** PEM of the CA of the API server. */
  readonly caFile: string;
}

const KEPT_MS = 60_000;

/**
 * The API server of the cluster that this server runs in, with its own account. The files are read again every minute and
 * after a 401. Throws STORE_UNAVAILABLE when they cannot be read.
 */
export function createInClusterTarget(files: InClusterFiles, clock: Clock): () => Promise<SpokeTarget> {
  let read: { readonly atMs: number; readonly token: string; readonly ca: string } | undefined;

  async function current(newerThanMs: number): Promise<{ readonly token: string; readonly ca: string }> {
    if (read && read.atMs > newerThanMs) return read;
    const atMs = clock.monotonicMs();
    const [token, ca] = await Promise.all([text(files.tokenFile), text(files.caFile)]);
    read = { atMs, token: token.trim(), ca };
    return read;
  }

  return async () => {
    const { token, ca } = await current(clock.monotonicMs() - KEPT_MS);
    return {
      clusterId: 'in-cluster',
      kind: 'API',
      url: files.apiServerUrl,
      tls: { ca, insecure_skip_verify: false },
      auth: { type: 'BEARER', token },
      renewAuth: async () => {
        const renewed = await current(Infinity);
        return renewed.token === token ? undefined : { type: 'BEARER', token: renewed.token };
      },
    };
  };
}

async function text(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new AppError('STORE_UNAVAILABLE', `The file ${file} for the cluster's own API server cannot be read.`, {
      hint: 'It is there inside a pod with a service account; outside, use credential_store: database.',
      cause,
    });
  }
}
