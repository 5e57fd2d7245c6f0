import type { ApiFailure } from '../api/failure.ts';

/** What the server found wrong, by field; a field inside one of ours (`labels.team`) counts for it as well. */
export function serverProblems(failure: ApiFailure | undefined): Map<string, string> {
  const problems = new Map<string, string>();
  for (const issue of failure?.issues ?? []) {
    const { message } = issue;
    const field = issue.field.replace(/^cluster\./, ''); // where a whole registration is one of the fields
    problems.set(field, message);
    const [outer = ''] = field.split('.');
    if (!problems.has(outer)) problems.set(outer, `${field.slice(outer.length + 1)}: ${message}`.replace(/^: /, ''));
  }
  if (failure?.code === 'INVALID_CLUSTER_NAME' || failure?.code === 'CLUSTER_ALREADY_EXISTS')
    problems.set('name', failure.message);
  return problems;
}

/** Moves to the first field that is wrong, once it is drawn so. */
export function focusFirstProblem(form: HTMLElement | null): void {
  requestAnimationFrame(() => form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
}
