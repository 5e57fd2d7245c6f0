import { useLocation } from 'preact-iso';
import { useState } from 'preact/hooks';
import { TextInput } from '../components/Field.tsx';
import { Icon } from '../components/Icon.tsx';
import { Popover } from '../components/Popover.tsx';
import { useServices } from '../services.ts';
import { type Zone, zoneName } from '../time-zone.ts';
import { movedRange, PRESETS, rangeProblem, rangeText, readMoment, type TimeRange, writeMoment } from './time-range.ts';

interface PickerProps {
  readonly range: TimeRange;
  readonly zone: Zone;
  /** The address of this page with another range or zone. */
  readonly urlOf: (change: { range?: TimeRange; zone?: Zone }) => string;
}

/** From when to when: a length up to now, or two times, relative or absolute, in a zone that is always named. */
export function TimeRangePicker({ range, zone, urlOf }: PickerProps) {
  const { route } = useLocation();
  const { api } = useServices();
  const move = (direction: -1 | 0 | 1) => route(urlOf({ range: movedRange(range, direction, api.serverNow()) }));
  return (
    <div class="time-range">
      <button type="button" class="button icon-only" title="Earlier" aria-label="Earlier" onClick={() => move(-1)}>
        <Icon name="back" />
      </button>
      <Popover
        name="time range"
        label={
          <>
            <Icon name="clock" />
            {rangeText(range, zone)} <span class="muted">{zoneName(zone)}</span>
          </>
        }
      >
        {(close) => <RangeForm key={`${range.from} ${range.to} ${zone}`} {...{ range, zone, urlOf, close }} />}
      </Popover>
      <button type="button" class="button icon-only" title="Later" aria-label="Later" onClick={() => move(1)}>
        <Icon name="chevron" />
      </button>
      <button type="button" class="button icon-only" title="Zoom out" aria-label="Zoom out" onClick={() => move(0)}>
        <Icon name="zoomOut" />
      </button>
    </div>
  );
}

function RangeForm({ range, zone, urlOf, close }: PickerProps & { close: () => void }) {
  const { route } = useLocation();
  const { api } = useServices();
  const [from, setFrom] = useState(writeMoment(range.from, zone));
  const [to, setTo] = useState(writeMoment(range.to, zone));
  const [problem, setProblem] = useState<{ field: 'from' | 'to'; message: string } | undefined>(undefined);

  const apply = () => {
    const wanted = { from: readMoment(from, zone) ?? '', to: readMoment(to, zone) ?? '' };
    const wrong = rangeProblem(wanted, api.serverNow());
    setProblem(wrong);
    if (wrong) return;
    close();
    route(urlOf({ range: wanted }));
  };

  return (
    <div class="range-form">
      <ul class="presets" aria-label="Up to now">
        {PRESETS.map((length) => (
          <li key={length}>
            <a
              href={urlOf({ range: { from: `-${length}`, to: 'now' } })}
              aria-current={range.from === `-${length}` && range.to === 'now' ? 'true' : undefined}
              onClick={close}
            >
              {length}
            </a>
          </li>
        ))}
      </ul>
      <form
        class="range-ends"
        onSubmit={(event) => {
          event.preventDefault();
          apply();
        }}
      >
        <TextInput
          label="From"
          mono
          value={from}
          onValue={setFrom}
          problem={problem?.field === 'from' ? problem.message : undefined}
        />
        <TextInput
          label="To"
          mono
          value={to}
          onValue={setTo}
          problem={problem?.field === 'to' ? problem.message : undefined}
        />
        <p class="muted form-hint">now, -90m, or 2026-03-01 10:00 in {zoneName(zone)}</p>
        <button type="submit" class="button primary">
          Apply
        </button>
      </form>
      <nav class="segmented" aria-label="Time zone">
        {(['local', 'utc'] as const).map((one) => (
          <a key={one} href={urlOf({ zone: one })} aria-current={one === zone ? 'true' : undefined}>
            {one === 'local' ? `Local, ${zoneName('local')}` : 'UTC'}
          </a>
        ))}
      </nav>
    </div>
  );
}
