import { z } from 'zod';
import { Account } from './accounts.ts';
import { Fault } from './faults.ts';
import { Feature, offered, groupVersionOf, kindOf } from './kinds.ts';
import type { ApiState } from './server.ts';
import { KubeObject, keyOf } from './store.ts';

const Place = z.strictObject({
  group: z.string(),
  version: z.string(),
  resource: z.string(),
  namespace: z.string().optional(),
  name: z.string(),
});

/** What a test does to a running double. */
export const KubeCommand = z.discriminatedUnion('action', [
  /** Takes the place of all faults before. */
  z.strictObject({ action: z.literal('FAULTS'), faults: z.array(Fault) }),
  /** Takes the place of all accounts before but the administrator's. */
  z.strictObject({ action: z.literal('ACCOUNTS'), accounts: z.array(Account) }),
  /** Installs or removes what brings custom resources. */
  z.strictObject({ action: z.literal('FEATURES'), features: z.array(Feature) }),
  /** Creates or replaces an object; from then on it is the test's, not the simulation's. */
  z.strictObject({ action: z.literal('PUT'), object: KubeObject }),
  z.strictObject({ action: z.literal('REMOVE'), object: Place }),
  /** Continue tokens and watch places from before expire. */
  z.strictObject({ action: z.literal('COMPACT') }),
  z.strictObject({
    action: z.literal('EXEC_PROTOCOLS'),
    protocols: z.array(z.enum(['v5.channel.k8s.io', 'v4.channel.k8s.io'])),
  }),
]);
export type KubeCommand = z.infer<typeof KubeCommand>;
export type KubeCommandInput = z.input<typeof KubeCommand>;

/** Throws when an object is of a kind that the cluster does not have. `claim` is told of objects that are the test's from now on. */
export function obey(
  state: ApiState,
  command: KubeCommand,
  administrator: Account,
  claim: (resource: string, key: string) => void,
): void {
  switch (command.action) {
    case 'FAULTS':
      state.faults.set(command.faults);
      return;
    case 'ACCOUNTS':
      state.accounts = [administrator, ...command.accounts];
      return;
    case 'FEATURES':
      state.features = new Set(command.features);
      return;
    case 'EXEC_PROTOCOLS':
      state.execProtocols = command.protocols;
      return;
    case 'COMPACT':
      state.store.compact();
      return;
    case 'PUT': {
      const { object } = command;
      const kind = offered(state.features).find(
        (one) => one.kind === object.kind && groupVersionOf(one) === object.apiVersion,
      );
      if (!kind) throw new Error(`the cluster has no ${object.apiVersion} ${object.kind}`);
      claim(kind.resource, keyOf(object.metadata.name, object.metadata.namespace));
      state.store.put(kind, object);
      return;
    }
    case 'REMOVE': {
      const kind = kindOf(state.features, command.object);
      if (!kind) throw new Error(`the cluster has no ${command.object.resource}`);
      const { name, namespace } = command.object;
      claim(kind.resource, keyOf(name, namespace));
      state.store.remove(kind, name, namespace);
    }
  }
}
