import type { FoundTrace, ToldTraces, TraceReceived } from '../../model/trace.ts';

const PER_SERVICE_MS = 60_000;
/** More than one look finds, so that what it found is not told again at the next. */
const IDS_KEPT = 500;
const SERVICES_KEPT = 1000;

export interface NewErrors {
  /** Oldest first. */
  readonly news: readonly TraceReceived[];
  readonly told: ToldTraces;
}

/**
 * What is new among traces whose matching spans failed: of each service the newest trace not told before, unless the service was told
 * of less than a minute ago. A pure function; what it returns as `told` is to be kept with the events, so that no crash tells twice.
 */
export function newErrors(traces: readonly FoundTrace[], before: ToldTraces, now: Date): NewErrors {
  const known = new Set(before.trace_ids);
  const services = new Map(
    Object.entries(before.services).filter(([, at]) => now.getTime() - Date.parse(at) < PER_SERVICE_MS),
  );
  const news: TraceReceived[] = [];
  for (const trace of traces.toSorted((a, b) => (a.start_time < b.start_time ? 1 : -1))) {
    if (known.has(trace.trace_id)) continue;
    for (const span of trace.spans) {
      const service = span.tags['service.name'] ?? span.tags['resource.service.name'] ?? trace.root_service;
      if (service === null || services.has(service)) continue;
      services.set(service, now.toISOString());
      const { trace_id, root_service, root_operation, start_time, duration_ms } = trace;
      news.push({
        trace_id,
        service_name: service,
        ...(span.operation_name === undefined ? {} : { operation_name: span.operation_name }),
        root_service,
        root_operation,
        start_time,
        duration_ms,
      });
    }
  }
  const ids = [...before.trace_ids, ...traces.map(({ trace_id }) => trace_id).filter((id) => !known.has(id))];
  return {
    news: news.toReversed(),
    told: { trace_ids: ids.slice(-IDS_KEPT), services: Object.fromEntries([...services].slice(-SERVICES_KEPT)) },
  };
}
