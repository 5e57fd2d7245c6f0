import type { ComponentChildren } from 'preact';
import { LiveIndicator } from '../components/LiveIndicator.tsx';
import { ClusterPicker } from '../observability/ClusterPicker.tsx';
import { TimeRangePicker } from '../observability/TimeRangePicker.tsx';
import type { SharedView } from '../observability/view-url.ts';

/** What every page of telemetry has: its heading, its parts, whether it is live, the clusters, and the time of its charts. */
export function TelemetryFrame(props: {
  class: string;
  title: string;
  state: string;
  shared: SharedView;
  /** Undefined where the page has no choice of clusters, or no chart. */
  urlOfClusters: ((clusters: string) => string) | undefined;
  urlOfRange?: ((change: Partial<Pick<SharedView, 'range' | 'zone'>>) => string) | undefined;
  parts?: readonly { readonly title: string; readonly url: string; readonly current: boolean }[];
  above?: ComponentChildren;
  aside?: ComponentChildren;
  children: ComponentChildren;
}) {
  const { title, state, shared, parts, urlOfClusters, urlOfRange } = props;
  return (
    <div class={`page ${props.class}`} data-state={state}>
      {props.above}
      <header class="page-head">
        <h1 tabIndex={-1} class="foreign">
          {title}
        </h1>
        {parts && (
          <nav class="segmented" aria-label={title}>
            {parts.map((part) => (
              <a key={part.title} href={part.url} aria-current={part.current ? 'page' : undefined}>
                {part.title}
              </a>
            ))}
          </nav>
        )}
        <LiveIndicator />
        {props.aside}
        <div class="scope-bar">
          {urlOfClusters && <ClusterPicker clusters={shared.clusters} urlOf={urlOfClusters} />}
          {urlOfRange && <TimeRangePicker range={shared.range} zone={shared.zone} urlOf={urlOfRange} />}
        </div>
      </header>
      {props.children}
    </div>
  );
}
