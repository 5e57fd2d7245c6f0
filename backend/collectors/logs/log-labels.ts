import { AppError } from '../../model/errors.ts';
import { type LogMatcher, escapeRegex, formatSelector } from './logql.ts';

/** What collectors call the same thing: plain Kubernetes, ViaQ of OpenShift, OpenTelemetry (wire.md 3.5). */
const NAMES = {
  namespace: ['namespace', 'kubernetes_namespace_name', 'k8s_namespace_name', 'namespace_name'],
  pod: ['pod', 'kubernetes_pod_name', 'k8s_pod_name', 'pod_name'],
  workload: ['service_name', 'app', 'kubernetes_container_name', 'k8s_container_name', 'container'],
  anything: ['service_name', 'job', 'log_type', 'openshift_log_type'],
} as const;

export interface LogFilter {
  readonly namespace?: string | undefined;
  /** Of a workload's pods: their names are its name and what follows a `-`. */
  readonly workload?: string | undefined;
}

type Labels = Readonly<Record<string, string>>;

/**
 * The filter as a stream selector for a server that knows these label names. Without a filter it selects every stream that can
 * be selected at once. Throws SPOKE_ERROR when its logs carry no label of that kind.
 */
export function selectorFor({ namespace, workload }: LogFilter, names: readonly string[]): string {
  const matchers: LogMatcher[] = [];
  if (namespace !== undefined)
    matchers.push({ name: nameFor(NAMES.namespace, names, 'namespace'), op: '=', value: namespace });
  if (workload !== undefined) {
    const pod = NAMES.pod.find((name) => names.includes(name));
    matchers.push(
      pod === undefined
        ? { name: nameFor(NAMES.workload, names, 'pod'), op: '=', value: workload }
        : { name: pod, op: '=~', value: `${escapeRegex(workload)}(-.*)?` },
    );
  }
  if (matchers.length > 0) return formatSelector(matchers);
  const any = [...NAMES.anything, ...NAMES.namespace].find((name) => names.includes(name)) ?? names[0];
  return formatSelector([{ name: any ?? 'service_name', op: '=~', value: '.+' }]);
}

function nameFor(kinds: readonly string[], names: readonly string[], what: string): string {
  const found = kinds.find((name) => names.includes(name));
  if (found !== undefined) return found;
  throw new AppError('SPOKE_ERROR', `Its logs carry no label for the ${what} (looked for ${kinds.join(', ')}).`, {
    details: { reason: 'LABELS' },
    hint: 'Use query_logs with a selector of the labels that it has.',
  });
}

export function namespaceOf(stream: Labels): string | undefined {
  return first(stream, NAMES.namespace);
}

export function podOf(stream: Labels): string | undefined {
  return first(stream, NAMES.pod);
}

function first(stream: Labels, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = stream[name];
    if (value !== undefined && value !== '') return value;
  }
  return undefined;
}
