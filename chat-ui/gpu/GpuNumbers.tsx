import type { GpuNodesAnswer } from '../../backend/model/gpu-answers.ts';
import { NumberCell } from '../components/Numbers.tsx';
import { Shape, type Tone } from '../components/Status.tsx';
import { type Card, byModel, filterCards, readingOf } from './gpu-cards.ts';
import { gpuUrl, type GpuView, type Kind } from './gpu-view.ts';

export const KIND_WORDS: Readonly<Record<Kind, { readonly title: string; readonly tone: Tone }>> = {
  ALLOCATED: { title: 'Allocated', tone: 'info' },
  IDLE: { title: 'Allocated and idle', tone: 'warning' },
  HOT: { title: 'Hot', tone: 'warning' },
  THROTTLED: { title: 'Throttled', tone: 'warning' },
  FAILING: { title: 'Failing', tone: 'critical' },
  FULL: { title: 'Memory near full', tone: 'warning' },
  NOT_MEASURED: { title: 'Not measured', tone: 'unknown' },
  STALE: { title: 'Old numbers', tone: 'unknown' },
};

const STRIP = [
  'ALLOCATED',
  'IDLE',
  'HOT',
  'THROTTLED',
  'FAILING',
  'FULL',
  'NOT_MEASURED',
  'STALE',
] as const satisfies readonly Kind[];

/** Counts over the cards under the other filters; each leads to the cards that it counts. `cards` undefined = not known. */
export function GpuNumbers(props: { cards: readonly Card[] | undefined; view: GpuView; atLeast: boolean }) {
  const { cards, view } = props;
  const all = cards && filterCards(cards, view, 'kind');
  const bound = props.atLeast ? '≥ ' : '';
  const busy = (all ?? []).flatMap(({ gpu }) => readingOf(gpu, 'utilisation')?.value ?? []);
  const mean = busy.length === 0 ? undefined : Math.round(busy.reduce((sum, value) => sum + value, 0) / busy.length);
  const known = (all ?? []).filter(({ pods }) => pods !== null).length;
  const count = (kind: Kind) => (all ?? []).filter(({ kinds }) => kinds.has(kind)).length;
  const noteOf = (kind: Kind) => (kind === 'ALLOCATED' && all && known < all.length ? `of ${known} known` : undefined);
  return (
    <ul class="numbers flow" aria-label="GPUs in numbers">
      <NumberCell href={gpuUrl({ ...view, kind: undefined })} current={view.kind === undefined} label="GPUs">
        {all ? `${bound}${all.length}` : '—'}
      </NumberCell>
      <li class="number">
        <span class="number-label">Average utilisation</span>
        <span class="number-value">
          {mean ?? '—'}
          {mean !== undefined && <span class="number-unit"> %</span>}
        </span>
        <span class="number-note">{all && `of ${busy.length} that tell it`}</span>
      </li>
      {STRIP.map((kind) => (
        <NumberCell
          key={kind}
          href={gpuUrl({ ...view, kind })}
          current={view.kind === kind}
          quiet={all !== undefined && count(kind) === 0}
          note={noteOf(kind)}
          label={
            <>
              <Shape tone={KIND_WORDS[kind].tone} />
              {KIND_WORDS[kind].title}
            </>
          }
        >
          {all && (kind !== 'ALLOCATED' || known > 0 || all.length === 0) ? `${bound}${count(kind)}` : '—'}
        </NumberCell>
      ))}
    </ul>
  );
}

/** The same cards by model, each of which leads to its cards. */
export function GpuModels({ cards, view }: { cards: readonly Card[]; view: GpuView }) {
  const rows = byModel(filterCards(cards, view, 'model'));
  if (rows.length === 0) return null;
  return (
    <details class="twin">
      <summary>By model: {rows.length === 1 ? rows[0]?.model || 'one, not told' : `${rows.length} models`}</summary>
      <div class="twin-scroll" tabIndex={0} role="region" aria-label="GPUs by model">
        <table class="table">
          <thead>
            <tr>
              {['Model', 'GPUs', 'Allocated', 'Measured', 'Average utilisation', 'Memory in use'].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.model}>
                <th scope="row" class="foreign">
                  {row.model === '' ? (
                    'Not told'
                  ) : (
                    <a href={gpuUrl({ ...view, model: view.model === row.model ? '' : row.model })}>{row.model}</a>
                  )}
                </th>
                <td>{row.gpus}</td>
                <td>{row.allocationKnown === 0 ? '—' : `${row.allocated} of ${row.allocationKnown} known`}</td>
                <td>{row.measured}</td>
                <td>{row.utilisation === undefined ? '—' : `${Math.round(row.utilisation)} %`}</td>
                <td>{row.totalMb === 0 ? '—' : `${gib(row.usedMb)} of ${gib(row.totalMb)} GiB`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

export function gib(mib: number): string {
  return (mib / 1024).toFixed(mib < 10_240 ? 1 : 0);
}

/** Where the numbers of an answer come from and how old they are; and what is not in it because it has no GPUs. */
export function GpuSources({ answer }: { answer: GpuNodesAnswer }) {
  const bySource = Map.groupBy(answer.nodes, ({ source }) => source);
  const oldest = Math.max(0, ...answer.nodes.filter((node) => node.gpus.length > 0).map((node) => node.age_seconds));
  const parts = [...bySource].map(
    ([source, nodes]) => `${SOURCE_WORDS[source]} for ${nodes.length === 1 ? '1 node' : `${nodes.length} nodes`}`,
  );
  return (
    <p class="muted">
      {parts.length > 0 && `Read from ${parts.join(', ')}; the oldest numbers are ${Math.round(oldest)} s old. `}
      {answer.clusters_without_gpus > 0 &&
        (answer.clusters_without_gpus === 1
          ? '1 cluster has no GPUs.'
          : `${answer.clusters_without_gpus} clusters have no GPUs.`)}
    </p>
  );
}

export const SOURCE_WORDS = {
  DCGM: 'DCGM metrics',
  NVIDIA_SMI: 'nvidia-smi',
  ALLOCATABLE: 'what nodes offer (it counts GPUs and measures nothing)',
} as const;
