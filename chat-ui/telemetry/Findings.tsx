import { useState } from 'preact/hooks';
import type { Severity } from '../../backend/model/alert.ts';
import { Facts, Fact } from '../components/Facts.tsx';
import { StateView } from '../components/StateView.tsx';
import { StatusBadge, toneOfSeverity, words } from '../components/Status.tsx';

export interface ShownFinding {
  readonly severity: Severity;
  readonly code: string;
  /** What it is about, such as a node, and where that is. */
  readonly subject: string;
  readonly cluster: string;
  /** Leads to the subject, where there is a page of it. */
  readonly url?: string | undefined;
  readonly message: string;
  readonly evidence: readonly { readonly path: string; readonly value: string }[];
  readonly next_step: string;
}

/** Findings drawn at first, and added by each "Show more". */
const AT_ONCE = 50;

/** What fixed rules found, each with what says so and what to do next. */
export function Findings({
  findings,
  total,
  none,
}: {
  findings: readonly ShownFinding[];
  total: number;
  none: string;
}) {
  const [most, setMost] = useState(AT_ONCE);
  if (findings.length === 0) return <StateView title={none} />;
  return (
    <>
      <ul class="findings panel-column" aria-label="Findings">
        {findings.slice(0, most).map((finding, n) => (
          <Finding key={`${finding.code} ${finding.cluster} ${finding.subject} ${n}`} finding={finding} />
        ))}
      </ul>
      {total > Math.min(most, findings.length) && (
        <p class="more-tiles">
          <span class="muted">
            The {Math.min(most, findings.length)} most severe of {total}.
          </span>
          {findings.length > most && (
            <button type="button" class="button" onClick={() => setMost(most + AT_ONCE)}>
              Show more
            </button>
          )}
        </p>
      )}
    </>
  );
}

function Finding({ finding }: { finding: ShownFinding }) {
  const { severity, code, subject, cluster, url, message, evidence, next_step } = finding;
  return (
    <li class="panel">
      <p class="status-line">
        <StatusBadge tone={toneOfSeverity(severity)}>{words(severity)}</StatusBadge>
        <b class="foreign">{url === undefined ? subject : <a href={url}>{subject}</a>}</b>
        <span class="muted foreign">{cluster}</span>
        <code>{code}</code>
      </p>
      <p class="foreign">{message}</p>
      <Facts>
        <Fact name="Next step">
          <span class="foreign">{next_step}</span>
        </Fact>
        {evidence.length > 0 && (
          <Fact name="Evidence">
            {evidence.map(({ path, value }) => (
              <code key={path} class="chip foreign">
                {path} = {value}
              </code>
            ))}
          </Fact>
        )}
      </Facts>
    </li>
  );
}
