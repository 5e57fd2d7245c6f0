import { createCertificateAuthority } from '../certificates.ts';
import type { Card } from '../gpu-cards.ts';
import { listen } from '../listener.ts';
import type { KubeCommandInput } from './control.ts';
import { createKubeApi } from './kube-api.ts';
import type { Feature } from './kinds.ts';
import type { ProxiedService } from './service-proxy.ts';
import type { KubeObject } from './store.ts';

export interface KubeDoubleOptions {
  readonly token: string;
  readonly gitVersion?: string;
  readonly features?: readonly Feature[];
  readonly bookmarkMs?: number;
  readonly services?: readonly ProxiedService[];
  readonly objects?: () => readonly KubeObject[];
  /** What nvidia-smi in the pods of a node tells. */
  readonly cardsOf?: (node: string) => readonly Card[];
}

/** The API server double alone, in this process, without metrics or other servers. */
export interface KubeDouble {
  readonly url: string;
  readonly caPem: string;
  control(command: KubeCommandInput): void;
  stop(): Promise<void>;
}

const DAY_MS = 86_400_000;

export async function startKubeDouble(options: KubeDoubleOptions): Promise<KubeDouble> {
  const now = new Date();
  const authority = createCertificateAuthority('kube-double', now);
  const hosts = ['127.0.0.1', 'localhost'];
  const api = createKubeApi({
    gitVersion: options.gitVersion ?? 'v1.31.6',
    token: options.token,
    features: options.features ?? [],
    certificate: authority.issue('kube-double', hosts),
    expiredCertificate: authority.issue('kube-double', hosts, {
      from: new Date(now.getTime() - 10 * DAY_MS),
      to: new Date(now.getTime() - DAY_MS),
    }),
    createdAt: new Date(now.getTime() - 61 * DAY_MS),
    ...(options.bookmarkMs !== undefined && { bookmarkMs: options.bookmarkMs }),
    ...(options.services !== undefined && { services: options.services }),
    ...(options.cardsOf !== undefined && { cardsOf: options.cardsOf }),
    objects: options.objects ?? (() => []),
  });
  const listener = await listen(() => api.createServer());
  return {
    url: `https://${listener.address}`,
    caPem: authority.certificatePem,
    control: api.control,
    stop: listener.close,
  };
}
