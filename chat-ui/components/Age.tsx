import { useServices } from '../services.ts';

/** `12 s`, `4 min`, `3 h`, `2 d`; a time ahead of `now` counts as now. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** How long ago a time was, kept current; the exact time in the viewer's zone is its title. */
export function Age({ at, suffix = ' ago' }: { at: string | number; suffix?: string }) {
  const { now } = useServices();
  const date = new Date(at);
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString(undefined, { timeZoneName: 'short' })}>
      {ageText(now.value - date.getTime())}
      {suffix}
    </time>
  );
}
