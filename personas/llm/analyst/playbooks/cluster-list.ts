import type { ListedCluster } from '../../../../backend/model/cluster.ts';
import { cite, code, paragraphs } from '../markdown.ts';
import type { Asked, PlannedCall, Playbook } from '../playbook.ts';
import { listClusters } from '../../../../tools/clusters/list-clusters.ts';
import { readAnswer } from '../read-answer.ts';
import { wordSet } from '../words.ts';

const LISTED = 30;

/** "list clusters", "how many clusters are there". The first page is known already unless the question is about some of them. */
export const clusterListPlaybook: Playbook = {
  id: 'cluster-list',
  example: () => 'list clusters · how many production clusters are there? · which clusters are offline?',
  honours: [],
  vocabulary: wordSet(`
    count number name names registered exist exists region regions environment environments type types label labels
    labelled labeled tagged state status
  `),
  match: ({ words }) => asksForClusters(words),
  plan: (asked) => {
    const call = narrowed(asked);
    return call ? [call] : [];
  },
  write(asked, read) {
    const call = narrowed(asked);
    let { clusters, total, evidence } = asked.fleet;
    if (call) {
      const answer = readAnswer(read(call), listClusters.output, call.tool);
      if (!answer.ok) return answer.why;
      ({ items: clusters, total } = answer.value);
      evidence = answer.reading.evidence;
    }
    const which = asked.scope.words === 'all clusters' ? '' : ` (${asked.scope.words})`;
    const lines = clusters
      .slice(0, LISTED)
      .map(
        (c) =>
          `- **${c.name}** — ${c.cluster_type}, ${c.environment}, ${c.status.state}${c.region === null ? '' : `, ${c.region}`} [${evidence}]${errorOf(c, evidence)}`,
      );
    const more = total > lines.length ? [`- and ${cite(total - lines.length, evidence)} more`] : [];
    return paragraphs(`${cite(total, evidence)} ${total === 1 ? 'cluster' : 'clusters'}${which}:`, [...lines, ...more]);
  },
};

function errorOf({ status }: ListedCluster, evidence: string): string {
  return status.last_error === null ? '' : `: ${code(status.last_error, 200)} [${evidence}]`;
}

export function asksForClusters(words: string): boolean {
  return (
    /\bclusters?\b/.test(words) && /\b(?:list|show|which|what|how many|count|number of|names?|all|there)\b/.test(words)
  );
}

function narrowed({ scope }: Asked): PlannedCall | undefined {
  return scope.argument.clusters === undefined
    ? undefined
    : { tool: 'list_clusters', input: { ...scope.argument, page: 1, page_size: 50 } };
}
