import { z } from 'zod';
import { DpdkStatsAnswer, DpdkStatsForModel } from '../../backend/model/cnf.ts';
import { ClusterArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { dpdkView, findingsText } from './cnf-for-model.ts';

const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;
const Name = z
  .string()
  .refine((name) => NAME.test(name), 'a Kubernetes name: lower-case letters, digits, dots, dashes');

export const getDpdkStats = defineTool({
  name: 'get_dpdk_stats',
  title: 'Get DPDK statistics',
  description:
    'Port counters of one DPDK pod: packets, drops (imissed, rx_nombuf), errors, link. Exact 64-bit, as text.',
  toolset: 'cnf',
  permission: 'metrics:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    cluster: ClusterArg,
    namespace: Name,
    pod: Name,
    container: Name.optional(),
    file_prefix: z
      .string()
      .regex(/^[\w][\w.-]{0,99}$/, 'letters, digits, dots, dashes')
      .optional()
      .describe("EAL's; default rte"),
  }),
  output: DpdkStatsAnswer,
  example: { cluster: 'hub-1', namespace: 'upf-core', pod: 'upf-0' },
  rest: [{ method: 'GET', path: '/cnf/dpdk/stats/{cluster_id}/{namespace}/{pod}', rename: { cluster_id: 'cluster' } }],
  deadlineMs: () => 60_000,
  forModel: { output: DpdkStatsForModel, view: dpdkView },
  summarize: ({ namespace, pod, cluster, source, ports, findings, total_findings, notes }) => {
    const from = source === 'EXEC' ? 'dpdk-telemetry.py' : "the site's exporter";
    const told = ports
      .slice(0, 8)
      .map(
        ({ port, stats, link }) =>
          `port ${port}${link === null ? '' : link.up ? ' up' : ' DOWN'} ipackets ${stats['ipackets'] ?? 'not told'}, imissed ${stats['imissed'] ?? 'not told'}`,
      );
    const list = ports.length === 0 ? 'no port' : told.join('; ');
    return [
      `${namespace}/${pod} on ${cluster}, by ${from}: ${list}.`,
      findingsText(findings, total_findings),
      ...notes,
    ].join(' ');
  },
  run: async (context, { cluster, file_prefix, ...query }) => {
    const found = await context.resolveCluster(cluster);
    const { clusters: _one, ...question } = await context.question([found.id]);
    return context.services.cnf.dpdk({ ...query, filePrefix: file_prefix, cluster: found, ...question });
  },
});
