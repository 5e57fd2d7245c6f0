import type { CnfSource } from '../../backend/model/cnf.ts';
import { Age } from '../components/Age.tsx';
import { StatusBadge, type Tone, words } from '../components/Status.tsx';

const TONE: Readonly<Record<CnfSource['status'], Tone>> = {
  OK: 'healthy',
  STALE: 'warning',
  ABSENT: 'unknown',
  UNREADABLE: 'critical',
};

/** Where an answer comes from, cluster by cluster: how fresh it is, and what is not there or could not be read. */
export function Sources({ sources }: { sources: readonly CnfSource[] }) {
  if (sources.length === 0) return null;
  const count = (status: CnfSource['status']) => sources.filter((source) => source.status === status).length;
  const parts = (['OK', 'STALE', 'ABSENT', 'UNREADABLE'] as const).filter((status) => count(status) > 0);
  return (
    <details class="twin">
      <summary>Sources: {parts.map((status) => `${count(status)} ${words(status).toLowerCase()}`).join(', ')}</summary>
      <div class="twin-scroll" tabIndex={0} role="region" aria-label="Where this comes from">
        <table class="table">
          <thead>
            <tr>
              {['Cluster', 'Source', 'Status', 'Newest value', 'Detail'].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sources.map(({ cluster, source, status, at, detail }) => (
              <tr key={`${cluster} ${source}`}>
                <th scope="row" class="foreign">
                  {cluster}
                </th>
                <td>{source}</td>
                <td>
                  <StatusBadge tone={TONE[status]}>{status === 'ABSENT' ? 'Not there' : words(status)}</StatusBadge>
                </td>
                <td>{at === null ? 'never' : <Age at={at} />}</td>
                <td class="foreign">{detail}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

/** True when nothing of a kind could be there: every source says that it has none of it. */
export function allAbsent(sources: readonly CnfSource[]): boolean {
  return sources.length > 0 && sources.every(({ status }) => status === 'ABSENT');
}
