import type { CnfSummary } from '../../backend/model/cnf.ts';
import { NumberCell } from '../components/Numbers.tsx';
import { Shape, type Tone, toneOfSeverity, words } from '../components/Status.tsx';
import { SEVERITIES } from '../fleet/fleet-view.ts';
import { nanoseconds, PTP_STATES, toneOfPtp } from './clock-facts.ts';
import { type CnfView, partUrl, type Show } from './cnf-view.ts';
import { CNF_STATUSES, toneOfStatus } from './Workloads.tsx';

/** All of network functions in numbers, each of which leads to the list that adds up to it. `summary` undefined = not known. */
export function CnfNumbers({ summary, view }: { summary: CnfSummary | undefined; view: CnfView }) {
  const bound = summary?.complete === false ? '≥ ' : '';
  const cell = (show: Show, is: string, label: string, tone: Tone, value: number | undefined) => (
    <NumberCell
      key={`${show} ${is}`}
      href={partUrl(view, show, { is })}
      current={view.show === show && view.is === is.toUpperCase()}
      quiet={value === 0}
      label={
        <>
          <Shape tone={tone} />
          {label}
        </>
      }
    >
      {value === undefined ? '—' : `${bound}${value}`}
    </NumberCell>
  );
  const worst = summary?.ptp.max_abs_offset_ns;
  const vfs = summary?.sriov.vfs;
  return (
    <ul class="numbers flow" aria-label="Network functions in numbers">
      {PTP_STATES.map((state) =>
        cell('clocks', state, `${words(state)} nodes`, toneOfPtp(state), summary?.ptp.by_state[state]),
      )}
      <NumberCell href={partUrl(view, 'clocks')} current={false} label="Largest offset">
        {worst === undefined || worst === null ? '—' : nanoseconds(worst)}
      </NumberCell>
      <NumberCell href={partUrl(view, 'functions')} current={false} label="Virtual functions taken">
        {vfs === undefined ? (
          '—'
        ) : (
          <>
            {vfs.requested ?? '—'}
            <span class="number-unit">
              {' '}
              of {bound}
              {vfs.allocatable}
            </span>
          </>
        )}
      </NumberCell>
      {CNF_STATUSES.map((status) =>
        cell(
          'workloads',
          status,
          `${words(status)} workloads`,
          toneOfStatus(status),
          summary?.workloads.by_status[status],
        ),
      )}
      {SEVERITIES.map((severity) =>
        cell(
          'findings',
          severity,
          `${words(severity)} findings`,
          toneOfSeverity(severity),
          summary?.by_severity[severity],
        ),
      )}
    </ul>
  );
}
