import { digestClusters } from '../../backend/collectors/metrics/series-digest.ts';
import { type ErrorLogsAnswer, ErrorLogsForModel, type LogTemplate } from '../../backend/model/logs.ts';
import type { ModelView } from '../define.ts';

const SHOWN_CLUSTERS = 5;
const SHOWN_PODS = 3;
const SHOWN_LENGTH = 300;

/** What error logs say, as a model reads it. */
export const errorLogsForModel: ModelView<ErrorLogsAnswer> = {
  output: ErrorLogsForModel,
  view: ({ templates, clusters, ...answer }) => ({
    output: { ...answer, templates: templates.map(shownTemplate), clusters: digestClusters(clusters) },
    // Of each sample the labels are left out.
    whole: templates.length === 0,
  }),
};

function shownTemplate(one: LogTemplate) {
  const { template, count, previous_count, novelty, change, clusters, namespaces, pods, pods_total, sample } = one;
  const { first_seen, last_seen } = one;
  return {
    template: shortened(template),
    count,
    previous_count,
    novelty,
    ...(change === undefined ? {} : { change }),
    clusters: clusters.slice(0, SHOWN_CLUSTERS).map((cluster) => `${cluster.name} ${cluster.count}`),
    clusters_total: clusters.length,
    ...(namespaces.length > 0 ? { namespaces } : {}),
    ...(pods.length > 0 ? { pods: pods.slice(0, SHOWN_PODS) } : {}),
    pods_total,
    ...(first_seen === undefined ? {} : { first_seen }),
    ...(last_seen === undefined ? {} : { last_seen }),
    ...(sample === undefined ? {} : { sample: shortened(sample.message) }),
  };
}

function shortened(text: string): string {
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH - 1)}…` : text;
}
