import type { CnfFinding } from '../../../model/cnf.ts';
import { plain } from '../../workloads/analyze.ts';

/** Foreign text in it is made one line and capped. */
export function finding(
  cluster: string,
  draft: Omit<CnfFinding, 'cluster' | 'evidence'> & {
    readonly evidence: Readonly<Record<string, string | number | null>>;
  },
): CnfFinding {
  return {
    ...draft,
    cluster,
    message: plain(draft.message),
    evidence: Object.entries(draft.evidence).flatMap(([path, value]) =>
      value === null ? [] : [{ path: plain(path), value: plain(String(value)) }],
    ),
  };
}
