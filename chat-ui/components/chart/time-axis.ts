import { wallTime, type Zone } from '../../time-zone.ts';

const DAY_S = 86_400;

/**
 * Words for the ticks of a time axis, in unix seconds: the time of day, to the second where ticks are closer than a minute;
 * the first tick of each day, and every tick of a day or more, is its date.
 */
export function axisTimeText(ticks: readonly number[], step: number, zone: Zone): string[] {
  let day = ticks[0] === undefined ? '' : dayOf(ticks[0], zone);
  return ticks.map((tick) => {
    const wall = wallTime(tick * 1000, zone);
    const date = dayOf(tick, zone);
    if (step >= DAY_S || (date !== day && wall.endsWith('00:00:00'))) {
      day = date;
      return date;
    }
    day = date;
    return wall.slice(11, step >= 60 ? 16 : 19);
  });
}

/** `Mar 1` */
function dayOf(tick: number, zone: Zone): string {
  return new Date(tick * 1000).toLocaleDateString('en', {
    month: 'short',
    day: 'numeric',
    ...(zone === 'utc' ? { timeZone: 'UTC' } : {}),
  });
}
