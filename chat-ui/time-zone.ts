/** Times are shown and read in the zone of the device, or in UTC. */
export type Zone = 'local' | 'utc';

/** The name of the zone: `UTC`, or that of the device such as `Europe/Berlin`. */
export function zoneName(zone: Zone): string {
  return zone === 'utc' ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** `2026-03-01 10:00:00` of a time in ms since the epoch, in `zone`. */
export function wallTime(at: number, zone: Zone): string {
  const date = new Date(zone === 'utc' ? at : at - new Date(at).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 19).replace('T', ' ');
}
