import type { ComponentChildren } from 'preact';
import { LiveIndicator } from '../components/LiveIndicator.tsx';

const TABS = [
  { path: '/alerts', title: 'Now' },
  { path: '/alerts/history', title: 'History' },
  { path: '/alerts/silences', title: 'Silences' },
] as const;

/** What every page of alerts has: its heading, the way to the others, and whether it is live. */
export function AlertsFrame(props: {
  path: (typeof TABS)[number]['path'];
  title: string;
  state: string;
  aside?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <div class="page alerts" data-state={props.state}>
      <header class="page-head">
        <h1 tabIndex={-1}>{props.title}</h1>
        <nav class="segmented" aria-label="Alerts">
          {TABS.map(({ path, title }) => (
            <a key={path} href={path} aria-current={path === props.path ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <LiveIndicator />
        {props.aside}
      </header>
      {props.children}
    </div>
  );
}
