/** Line icons on a 16 px grid, drawn for this UI; each is decoration beside its words. */
const PATHS = {
  fleet: 'M2 3.5h5v4H2zM9 3.5h5v4H9zM2 9.5h5v4H2zM9 9.5h5v4H9z',
  clusters: 'M2.5 3h11v2.5h-11zM2.5 6.8h11v2.5h-11zM2.5 10.5h11V13h-11zM4.5 4.3h.1M4.5 8h.1M4.5 11.8h.1',
  observability: 'M2 13.5h12M2.5 10.5l3-4 3 2.5 5-6',
  alerts: 'M4 11V7a4 4 0 0 1 8 0v4l1.2 1.5H2.8zM6.6 14.2h2.8',
  gpu: 'M4.5 4.5h7v7h-7zM6.8 6.8h2.4v2.4H6.8zM6.5 2v2.5M9.5 2v2.5M6.5 11.5V14M9.5 11.5V14M2 6.5h2.5M2 9.5h2.5M11.5 6.5H14M11.5 9.5H14',
  cnf: 'M8 9v5M5.5 14h5M8 8.5a1 1 0 1 0 0-2 1 1 0 0 0 0 2zM5.2 10.3a4 4 0 0 1 0-5.6M10.8 4.7a4 4 0 0 1 0 5.6M3.1 12.4a7 7 0 0 1 0-9.8M12.9 2.6a7 7 0 0 1 0 9.8',
  chat: 'M2.5 3h11v8h-6l-3 2.5V11h-2zM5 6h6M5 8.3h4',
  menu: 'M2 4h12M2 8h12M2 12h12',
  close: 'M4 4l8 8M12 4l-8 8',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.7 10.7L14 14',
  send: 'M8 13V3M3.5 7.5L8 3l4.5 4.5',
  stop: 'M4.5 4.5h7v7h-7z',
  plus: 'M8 3v10M3 8h10',
  edit: 'M3 13l.6-2.8L10.7 3l2.3 2.3-7.2 7.1zM9.3 4.4l2.3 2.3',
  key: 'M6.2 9.8a3.2 3.2 0 1 1 0-.1zM8.6 7.4L13.5 2.5M11.2 4.8l1.8 1.8',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  filter: 'M2 3.5h12L9.5 8.7V13l-3-1.5V8.7z',
  back: 'M10 4L6 8l4 4',
  trash: 'M3 4.5h10M6 4.5V3h4v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5M6.8 7v4M9.2 7v4',
  tool: 'M9.8 2.6a3.4 3.4 0 0 0-3.9 4.7L2.4 10.8a1.6 1.6 0 0 0 2.4 2.4l3.5-3.5a3.4 3.4 0 0 0 4.7-3.9l-2 2-2.2-.6-.6-2.2z',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1.5v1.7M8 12.8v1.7M1.5 8h1.7M12.8 8h1.7M3.4 3.4l1.2 1.2M11.4 11.4l1.2 1.2M12.6 3.4l-1.2 1.2M4.6 11.4l-1.2 1.2',
  moon: 'M13.5 9.6A6 6 0 0 1 6.4 2.5a6 6 0 1 0 7.1 7.1z',
  system: 'M2 3h12v8H2zM6 13.5h4',
  help: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM6.3 6.4a1.8 1.8 0 1 1 2.6 1.6c-.6.3-.9.6-.9 1.2M8 11.2v.2',
  out: 'M6.5 2.5h-4v11h4M6 8h8M11 5l3 3-3 3',
  down: 'M8 3v10M3.5 8.5L8 13l4.5-4.5',
  chevron: 'M6 4l4 4-4 4',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.6',
  zoomOut: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.7 10.7L14 14M4.8 7h4.4',
  refresh: 'M13.5 8A5.5 5.5 0 1 1 11.6 3.8M13.5 2v3h-3',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        stroke-width="1.5"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}
