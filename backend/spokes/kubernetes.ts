import { z } from 'zod';
import { quoteForeign } from '../model/errors.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import type { KubernetesClient } from './kubernetes-api.ts';
import { SERVICE, refusal, shaped } from './kubernetes-error.ts';
import { createExec } from './kubernetes-exec.ts';
import { createObjectVerbs } from './kubernetes-objects.ts';
import { createReviewVerbs } from './kubernetes-reviews.ts';
import { createWatch } from './kubernetes-watch.ts';
import { parseJson, spokeError, unexpectedStatus } from './spoke-error.ts';
import type { Transport } from './transport.ts';

export type * from './kubernetes-api.ts';

const Version = z.object({ gitVersion: z.string(), major: z.string(), minor: z.string() });

const Named = z.object({ metadata: z.object({ name: z.string() }) });

/**
 * The client of Kubernetes API servers. What health checks ask of a thousand clusters goes straight to the transport; everything
 * else goes by way of `@kubernetes/client-node`, but for watch and exec, whose implementations there end a process on what a
 * server may send (see `kubernetes-exec.ts`).
 */
export function createKubernetesClient(transport: Transport, clock: Clock = systemClock): KubernetesClient {
  const objects = createObjectVerbs(transport, clock);
  return {
    ...objects,
    ...createReviewVerbs(transport, clock),
    watch: createWatch({ transport, clock, list: objects.list }),
    exec: createExec({ transport, clock }),
    version: async (target, limits) => {
      const response = await transport.request(target, { ...limits, path: '/version', maxBytes: 65_536 });
      if (response.status !== 200) throw refusal(response);
      return shaped(Version, parseJson(SERVICE, response));
    },
    readyz: async (target, limits) => {
      const { status, body } = await transport.request(target, { ...limits, path: '/readyz', maxBytes: 262_144 });
      if (status === 200) return;
      const failing = [...body.toString('utf8').matchAll(/^\[-\]([\w/.-]+)/gm)].map((match) => match[1]);
      if (failing.length === 0) throw unexpectedStatus(SERVICE, status, body);
      throw spokeError(`${SERVICE} is not ready: ${quoteForeign(failing.join(', '), 200)}.`, {
        reason: 'NOT_READY',
        status,
      });
    },
    namespaces: async (target, limits) => {
      const { items } = await objects.list(target, {
        group: '',
        version: 'v1',
        resource: 'namespaces',
        item: Named,
        ...limits,
      });
      return items.map((item) => item.metadata.name).sort();
    },
  };
}
