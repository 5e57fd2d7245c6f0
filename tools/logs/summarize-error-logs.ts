import type { ErrorLogsAnswer, LogTemplate } from '../../backend/model/logs.ts';
import { coverageOfLogs } from './summarize-logs.ts';

const SHOWN = 5;
const SHOWN_LENGTH = 160;

/** Coverage, how many lines against the window before, how many groups are new or grew, and the first few. */
export function summarizeErrorLogs(answer: ErrorLogsAnswer): string {
  if (answer.clusters.length === 0)
    return 'No cluster is in scope, so none was asked. list_clusters shows what is registered.';
  const { templates, templates_total, lines, previous_lines, by_novelty, start, end, complete } = answer;
  const coverage = coverageOfLogs(answer.clusters, complete);
  const least = complete ? '' : 'At least ';
  const head = `${coverage} ${least}${lines} error lines between ${start} and ${end} (${previous_lines} in the window before)`;
  const notes = answer.notes.length === 0 ? '' : ` ${answer.notes.join(' ')}`;
  if (templates_total === 0) return `${head}.${complete ? ' None in either window.' : ''}${notes}`;
  const novelties = Object.entries(by_novelty).map(([novelty, count]) => `${count} ${novelty}`);
  const shown = templates.slice(0, SHOWN).map(describeTemplate);
  const more = templates_total > shown.length ? ` and ${templates_total - shown.length} more groups` : '';
  return `${head}, in ${templates_total} groups: ${novelties.join(', ')}. ${shown.join('; ')}${more}.${notes}`;
}

function describeTemplate({
  template,
  count,
  novelty,
  change,
  previous_count,
  clusters,
  pods_total,
  first_seen,
}: LogTemplate): string {
  const text = template.length > SHOWN_LENGTH ? `${template.slice(0, SHOWN_LENGTH - 1)}…` : template;
  const than =
    novelty === 'GONE' ? ` (was ${previous_count})` : change === undefined ? '' : ` (x${change} of ${previous_count})`;
  const where =
    clusters.length === 0
      ? ''
      : ` on ${clusters
          .slice(0, 3)
          .map(({ name }) => name)
          .join(', ')}${clusters.length > 3 ? ', …' : ''}`;
  const pods = pods_total === 0 ? '' : `, ${pods_total} pods`;
  const since = novelty === 'NEW' && first_seen !== undefined ? `, since ${first_seen}` : '';
  return `${novelty} ${count}${than}${where}${pods}${since}: ${JSON.stringify(text)}`;
}
