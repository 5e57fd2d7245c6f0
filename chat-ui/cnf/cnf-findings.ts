import type { CnfFinding } from '../../backend/model/cnf.ts';
import type { ShownFinding } from '../telemetry/Findings.tsx';
import { type CnfView, partUrl } from './cnf-view.ts';

/** Findings as they are listed, each of which leads to what it is about. */
export function shownFindings(findings: readonly CnfFinding[], view: CnfView): ShownFinding[] {
  return findings.map((finding) => ({ ...finding, subject: finding.object.name, url: subjectUrl(finding, view) }));
}

function subjectUrl({ code, cluster, object }: CnfFinding, view: CnfView): string | undefined {
  const node = object.kind === 'Node' ? `${cluster}/${object.name}` : '';
  if (code.startsWith('PTP_')) return partUrl(view, 'clocks', { node });
  if (code.startsWith('SRIOV_')) return partUrl(view, 'functions', { node });
  return object.kind === 'Pod' && object.namespace !== null
    ? partUrl(view, 'ports', { cluster, namespace: object.namespace, pod: object.name })
    : undefined;
}
