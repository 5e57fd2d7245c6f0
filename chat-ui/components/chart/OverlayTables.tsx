import { wallTime, type Zone } from '../../time-zone.ts';
import { StatusBadge } from '../Status.tsx';
import type { ChartBand, ChartMark } from './overlay.ts';

/** Rows of marks drawn at most: the newest. */
const MOST_ROWS = 100;

/** What is drawn over the lines, as text. */
export function OverlayTables(props: { bands: readonly ChartBand[]; marks: readonly ChartMark[]; zone: Zone }) {
  const { bands, marks, zone } = props;
  return (
    <>
      {bands.length > 0 && (
        <table class="table">
          <caption>Alerts in this time, worst first.</caption>
          <thead>
            <tr>
              <th scope="col">Alert</th>
              <th scope="col">Severity</th>
              <th scope="col">Fired</th>
            </tr>
          </thead>
          <tbody>
            {bands.map((band) => (
              <tr key={band.key}>
                <th scope="row">
                  <BandLink band={band} />
                </th>
                <td>
                  <StatusBadge tone={band.tone}>{band.word}</StatusBadge>
                </td>
                <td>{band.spans.map((span) => spanText(span, zone)).join('; ')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {marks.length > 0 && (
        <table class="table">
          <caption>Exemplars, newest first.</caption>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">What it is</th>
              <th scope="col">Trace</th>
            </tr>
          </thead>
          <tbody>
            {marks
              .toReversed()
              .slice(0, MOST_ROWS)
              .map((mark) => (
                <tr key={mark.key}>
                  <th scope="row">{wallTime(mark.at * 1000, zone)}</th>
                  <td class="foreign">{mark.text}</td>
                  <td>{mark.url === undefined ? '—' : <a href={mark.url}>Open the trace</a>}</td>
                </tr>
              ))}
          </tbody>
        </table>
      )}
    </>
  );
}

/** Which band is which, in words. */
export function BandList({ bands }: { bands: readonly ChartBand[] }) {
  return (
    <ul class="ts-legend" aria-label="Alerts in this time">
      {bands.map((band) => (
        <li key={band.key} class="ts-band">
          <StatusBadge tone={band.tone}>{band.word}</StatusBadge> <BandLink band={band} />
        </li>
      ))}
    </ul>
  );
}

function BandLink({ band }: { band: ChartBand }) {
  return (
    <a class="foreign" href={band.url}>
      {band.name}
    </a>
  );
}

function spanText([from, to]: readonly [number, number], zone: Zone): string {
  return `${wallTime(from * 1000, zone)} – ${wallTime(to * 1000, zone).slice(11)}`;
}
