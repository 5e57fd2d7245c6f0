import type { Cluster } from '../../model/cluster.ts';
import { AppError, type ErrorCode } from '../../model/errors.ts';
import type { ClusterOutcome } from '../../model/outcome.ts';
import type { Question } from './fanout.ts';

export interface SignalQuestion extends Question {
  /** Whether the caller chose these very clusters; one that has none of what was asked for is then told so by an error. */
  readonly named: boolean;
}

/** What not every cluster has. */
export interface Signal {
  /** "logs". */
  readonly what: string;
  /** "Loki". */
  readonly server: string;
  readonly endpoint: 'loki_url' | 'tempo_url';
  readonly missing: ErrorCode;
}

export interface SignalClusters {
  /** Those that can be asked. */
  readonly asked: Cluster[];
  /** SKIPPED, each with its reason as a warning. */
  readonly skipped: ClusterOutcome[];
}

/**
 * Who can be asked for logs or traces: whoever has the server for it, but for EDGE and FAR_EDGE, which send metrics only over their thin
 * links (product contract §2). Throws the signal's `missing` when clusters were named and none of them can be asked.
 */
export function signalClusters({ clusters, named }: SignalQuestion, signal: Signal): SignalClusters {
  const reasons = clusters.map((cluster) => ({ cluster, why: whyNot(cluster, signal) }));
  const asked = reasons.filter(({ why }) => why === undefined).map(({ cluster }) => cluster);
  if (named && asked.length === 0 && clusters.length > 0) {
    const listed = reasons.slice(0, 5).map(({ cluster, why }) => `${cluster.name}: ${why ?? ''}`);
    throw new AppError(signal.missing, `No ${signal.what} can be asked for here. ${listed.join('; ')}.`, {
      details: { clusters: clusters.slice(0, 100).map(({ name }) => name) },
      hint: `Set ${signal.endpoint} among the endpoints of the cluster (update_cluster), or ask other clusters.`,
    });
  }
  const skipped = reasons.flatMap(({ cluster, why }): ClusterOutcome[] =>
    why === undefined
      ? []
      : [
          {
            cluster_id: cluster.id,
            cluster_name: cluster.name,
            status: 'SKIPPED',
            warnings: [why],
            query_time_ms: 0,
            cached: false,
          },
        ],
  );
  return { asked, skipped };
}

function whyNot({ cluster_type, endpoints }: Cluster, { endpoint, server }: Signal): string | undefined {
  if (cluster_type === 'EDGE' || cluster_type === 'FAR_EDGE')
    return `${cluster_type} clusters are asked for metrics only`;
  return endpoints[endpoint] === undefined ? `no ${server} endpoint is registered` : undefined;
}

/** By name, as every list of outcomes. */
export function joinByName(asked: readonly ClusterOutcome[], skipped: readonly ClusterOutcome[]): ClusterOutcome[] {
  return [...asked, ...skipped].sort((a, b) => (a.cluster_name < b.cluster_name ? -1 : 1));
}
