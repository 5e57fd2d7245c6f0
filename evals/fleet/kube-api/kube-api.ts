import type { Server } from 'node:https';
import type { Card } from '../gpu-cards.ts';
import { type Account, administrator } from './accounts.ts';
import { KubeCommand, type KubeCommandInput, obey } from './control.ts';
import { type Feature, type Kind, groupVersionOf, offered } from './kinds.ts';
import type { ProxiedService } from './service-proxy.ts';
import { type Certificate, createApiServer, createApiState } from './server.ts';
import { type KubeObject, createObjectStore, keyOf } from './store.ts';

export interface KubeApiOptions {
  /** Such as `v1.31.6`. */
  readonly gitVersion: string;
  /** Token of the account that may do everything. */
  readonly token: string;
  readonly features: readonly Feature[];
  readonly certificate: Certificate;
  /** Shown while the fault EXPIRED_CERTIFICATE is on. */
  readonly expiredCertificate: Certificate;
  readonly createdAt: Date;
  /** Default a minute, as the real one. */
  readonly bookmarkMs?: number;
  /** Where the service proxy leads; default nowhere. */
  readonly services?: readonly ProxiedService[];
  /** The cards of a node as of now; default none. */
  readonly cardsOf?: (node: string) => readonly Card[];
  /** Everything that the simulation puts there, as of now. */
  objects(): readonly KubeObject[];
}

export interface KubeApi {
  /** One at a time: for each start of a listener that was closed. */
  createServer(): Server;
  control(command: KubeCommandInput): void;
}

/** How often open watches hear of what the simulation changed by itself. */
const REFRESH_MS = 1000;

export const ADMINISTRATOR = 'kubernetes-admin';

export function createKubeApi(options: KubeApiOptions): KubeApi {
  const store = createObjectStore(options.createdAt);
  const admin: Account = administrator(ADMINISTRATOR, options.token);
  const state = createApiState(store, [admin], options.features);
  /** Objects that a test has put or removed, by resource and key: the simulation leaves them alone. */
  const claimed = new Set<string>();
  let simulated = new Map<string, { readonly kind: Kind; readonly object: KubeObject }>();
  let server: Server | undefined;

  const refresh = () => {
    const kinds = new Map(offered(state.features).map((kind) => [`${groupVersionOf(kind)} ${kind.kind}`, kind]));
    const next: typeof simulated = new Map();
    for (const object of options.objects()) {
      const kind = kinds.get(`${object.apiVersion} ${object.kind}`);
      if (!kind) continue;
      const id = `${kind.resource} ${keyOf(object.metadata.name, object.metadata.namespace)}`;
      if (claimed.has(id)) continue;
      // Events are in two groups by the same names.
      next.set(`${kind.group} ${id}`, { kind, object });
      store.put(kind, object);
    }
    for (const [id, { kind, object }] of simulated) {
      const claim = `${kind.resource} ${keyOf(object.metadata.name, object.metadata.namespace)}`;
      if (!next.has(id) && !claimed.has(claim)) store.remove(kind, object.metadata.name, object.metadata.namespace);
    }
    simulated = next;
  };

  /** New handshakes use it; connections that are open were made with the other one, so they end. */
  const showCertificate = () => {
    const { certificatePem, privateKeyPem } = state.faults.has('EXPIRED_CERTIFICATE')
      ? options.expiredCertificate
      : options.certificate;
    server?.setSecureContext({ cert: certificatePem, key: privateKeyPem });
    server?.closeAllConnections();
  };

  return {
    createServer: () => {
      refresh();
      const created = createApiServer({
        state,
        gitVersion: options.gitVersion,
        certificate: state.faults.has('EXPIRED_CERTIFICATE') ? options.expiredCertificate : options.certificate,
        bookmarkMs: options.bookmarkMs ?? 60_000,
        beforeAnswer: refresh,
        services: options.services ?? [],
        cardsOf: options.cardsOf ?? (() => []),
      });
      const timer = setInterval(refresh, REFRESH_MS);
      timer.unref();
      created.once('close', () => clearInterval(timer));
      server = created;
      return created;
    },
    control: (input) => {
      const command = KubeCommand.parse(input);
      const expiredBefore = state.faults.has('EXPIRED_CERTIFICATE');
      obey(state, command, admin, (resource, key) => claimed.add(`${resource} ${key}`));
      if (state.faults.has('EXPIRED_CERTIFICATE') !== expiredBefore) showCertificate();
    },
  };
}
