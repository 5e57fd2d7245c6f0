import { z } from 'zod';
import { type MetricSeries, MetricMetadata, type ResultType } from '../model/metrics.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { createPrometheusCall } from './prometheus-call.ts';
import { type Warned, shapeError, shaped } from './prometheus-envelope.ts';
import { type AlertingRule, readAlertingRules } from './prometheus-rules.ts';
import { parseLabelSets, parseResult, parseStrings } from './prometheus-result.ts';
import { type PrometheusServer, createPrometheusServers } from './prometheus-server.ts';
import type { CallLimits, SpokeTarget, Transport } from './transport.ts';

export interface PrometheusResult {
  readonly resultType: ResultType;
  /** In the order of the spoke; timestamps are Unix seconds, values the spoke's own text. */
  readonly series: MetricSeries[];
  readonly warnings: string[];
}

export interface PrometheusAlert {
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly state: 'pending' | 'firing';
  /** ISO 8601; when the rule's expression became true, so before the `for` time of the rule. */
  readonly activeAt: string;
}

export interface InstantQuery extends CallLimits {
  readonly query: string;
  /** Unix seconds; left out = now, by the server's own clock. */
  readonly time?: number;
  /** Most series wanted; servers before 3.2 ignore it and answer with all. */
  readonly limit?: number | undefined;
}

export interface RangeQuery extends CallLimits {
  readonly query: string;
  /** Unix seconds, both ends included. */
  readonly start: number;
  readonly end: number;
  /** Seconds. */
  readonly step: number;
  /** As for an instant query. */
  readonly limit?: number | undefined;
}

export interface LabelsQuery extends CallLimits {
  /** Series selectors, of which one must match. */
  readonly matchers?: readonly string[];
  /** Unix seconds. */
  readonly start: number;
  readonly end: number;
  /** Most entries wanted; servers before 2.51 ignore it and answer with all. */
  readonly limit?: number;
}

export interface ExemplarsQuery extends CallLimits {
  readonly query: string;
  /** Unix seconds, both ends included. */
  readonly start: number;
  readonly end: number;
}

/** Exemplars of one series; times are Unix seconds, values the spoke's own text. */
export interface SeriesExemplars {
  readonly metric: Record<string, string>;
  readonly exemplars: readonly {
    readonly labels: Record<string, string>;
    readonly value: string;
    readonly at: number;
  }[];
}

export interface MetadataQuery extends CallLimits {
  /** One metric; left out = all. */
  readonly metric?: string | undefined;
  /** Most metrics wanted. */
  readonly limit?: number | undefined;
}

/**
 * The HTTP API of Prometheus 2.x and 3.x, Thanos, Mimir and VictoriaMetrics. Throws INVALID_PROMQL (with `details.position` when
 * the server tells it), QUERY_TIMEOUT when the server gave up, SPOKE_ERROR for everything else it says, and the transport's errors.
 */
export interface PrometheusClient {
  instant(target: SpokeTarget, query: InstantQuery): Promise<PrometheusResult>;
  range(target: SpokeTarget, query: RangeQuery): Promise<PrometheusResult>;
  labels(target: SpokeTarget, query: LabelsQuery): Promise<Warned<string[]>>;
  /** A name beyond letters, digits and underscore has no values at a server that cannot hold it. */
  labelValues(target: SpokeTarget, query: LabelsQuery & { readonly label: string }): Promise<Warned<string[]>>;
  series(
    target: SpokeTarget,
    query: LabelsQuery & { readonly matchers: readonly string[] },
  ): Promise<Warned<Record<string, string>[]>>;
  /** By metric name; only what is scraped right now has any. */
  metadata(target: SpokeTarget, query: MetadataQuery): Promise<Warned<Record<string, MetricMetadata[]>>>;
  /** Of every series that a selector of the query matches; none where exemplars are not kept. */
  exemplars(target: SpokeTarget, query: ExemplarsQuery): Promise<Warned<SeriesExemplars[]>>;
  /** What the server is, asked once an hour; UNKNOWN when it does not tell. */
  server(target: SpokeTarget, limits: CallLimits): Promise<PrometheusServer>;
  alerts(target: SpokeTarget, limits: CallLimits): Promise<Warned<PrometheusAlert[]>>;
  /** The alerting rules of that name; servers before 2.47 send all, which are sorted out here. */
  alertingRules(target: SpokeTarget, name: string, limits: CallLimits): Promise<Warned<AlertingRule[]>>;
  /** Resolves when it answers queries; throws an AppError that says why not. */
  ready(target: SpokeTarget, limits: CallLimits): Promise<void>;
}

const Alerts = z.object({
  alerts: z.array(
    z.object({
      labels: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.string()).default({}),
      state: z.enum(['pending', 'firing']),
      activeAt: z.iso.datetime({ offset: true }),
    }),
  ),
});

const Exemplars = z.array(
  z.object({
    seriesLabels: z.record(z.string(), z.string()),
    exemplars: z.array(
      z.object({ labels: z.record(z.string(), z.string()), value: z.string(), timestamp: z.number() }),
    ),
  }),
);

const Metadata = z.record(z.string(), z.array(MetricMetadata));

/** What every server before 3.0 takes for a label name. */
const CLASSIC_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

export function createPrometheusClient(transport: Transport, clock: Clock = systemClock): PrometheusClient {
  const call = createPrometheusCall(transport, clock);
  const servers = createPrometheusServers(call, clock);

  /**
   * Thanos keeps replicas apart or fails whole when its operator set it up so; told, it always answers with what it has and
   * warns. Others ignore the parameters, so a server that is not known gets them too.
   */
  function forThanos(target: SpokeTarget, params: URLSearchParams): URLSearchParams {
    const { flavor } = servers.known(target);
    if (flavor === 'THANOS' || flavor === 'UNKNOWN') {
      params.set('dedup', 'true');
      params.set('partial_response', 'true');
    }
    return params;
  }

  async function labelCall(
    target: SpokeTarget,
    path: string,
    query: LabelsQuery,
    getOnly = false,
  ): Promise<Warned<unknown>> {
    const params = new URLSearchParams({ start: String(query.start), end: String(query.end) });
    for (const matcher of query.matchers ?? []) params.append('match[]', matcher);
    if (query.limit !== undefined) params.set('limit', String(query.limit));
    return call(target, path, forThanos(target, params), limitsOf(query), getOnly);
  }

  async function resultCall(
    target: SpokeTarget,
    path: string,
    params: URLSearchParams,
    query: CallLimits & { readonly limit?: number | undefined },
  ): Promise<PrometheusResult> {
    // The server is told its time so that it stops working when nobody waits any more.
    params.set('timeout', `${Math.max(1, Math.ceil(query.timeoutMs))}ms`);
    if (query.limit !== undefined) params.set('limit', String(query.limit));
    const { value, warnings } = await call(target, path, forThanos(target, params), limitsOf(query));
    return { ...shaped(() => parseResult(value)), warnings };
  }

  return {
    instant: (target, q) => {
      const time = q.time === undefined ? {} : { time: String(q.time) };
      return resultCall(target, '/query', new URLSearchParams({ query: q.query, ...time }), q);
    },
    range: (target, q) => {
      const params = new URLSearchParams({
        query: q.query,
        start: String(q.start),
        end: String(q.end),
        step: String(q.step),
      });
      return resultCall(target, '/query_range', params, q);
    },
    labels: async (target, q) => {
      const { value, warnings } = await labelCall(target, '/labels', q);
      return { value: shaped(() => parseStrings(value)), warnings };
    },
    labelValues: async (target, q) => {
      const classic = CLASSIC_LABEL.test(q.label);
      if (!classic && (await servers.probe(target, limitsOf(q))).utf8Names === false)
        return { value: [], warnings: [] };
      const name = classic ? q.label : escapeName(q.label);
      const { value, warnings } = await labelCall(target, `/label/${encodeURIComponent(name)}/values`, q, true);
      return { value: shaped(() => parseStrings(value)), warnings };
    },
    series: async (target, q) => {
      const { value, warnings } = await labelCall(target, '/series', q);
      return { value: shaped(() => parseLabelSets(value)), warnings };
    },
    metadata: async (target, q) => {
      const params = new URLSearchParams();
      if (q.metric !== undefined) params.set('metric', q.metric);
      if (q.limit !== undefined) params.set('limit', String(q.limit));
      const { value, warnings } = await call(target, '/metadata', params, limitsOf(q), true);
      const parsed = Metadata.safeParse(value ?? {});
      if (!parsed.success) throw shapeError('metadata are not as its API promises');
      return { value: parsed.data, warnings };
    },
    exemplars: async (target, q) => {
      const params = new URLSearchParams({ query: q.query, start: String(q.start), end: String(q.end) });
      const { value, warnings } = await call(target, '/query_exemplars', forThanos(target, params), limitsOf(q));
      // Without a selector in the query there is no data at all (wire.md 1.1).
      const parsed = Exemplars.safeParse(value ?? []);
      if (!parsed.success) throw shapeError('exemplars are not as its API promises');
      const found = parsed.data.map(({ seriesLabels, exemplars }) => ({
        metric: seriesLabels,
        exemplars: exemplars.map(({ labels, value: text, timestamp }) => ({ labels, value: text, at: timestamp })),
      }));
      return { value: found, warnings };
    },
    server: (target, limits) => servers.probe(target, limitsOf(limits)),
    alerts: async (target, limits) => {
      const { value, warnings } = await call(target, '/alerts', new URLSearchParams(), limits);
      const parsed = Alerts.safeParse(value);
      if (!parsed.success) throw shapeError('alerts are not as its API promises');
      return { value: parsed.data.alerts, warnings };
    },
    alertingRules: async (target, name, limits) => {
      const params = new URLSearchParams({ type: 'alert', 'rule_name[]': name });
      const { value, warnings } = await call(target, '/rules', params, limits, true);
      const rules = readAlertingRules(value);
      if (!rules) throw shapeError('rules are not as its API promises');
      return { value: rules.filter((rule) => rule.name === name), warnings };
    },
    ready: async (target, limits) => {
      const { status } = await transport.request(target, { ...limits, path: '/-/ready', maxBytes: 65_536 });
      // Routes in front of Prometheus often pass /api only and answer the rest in their own way, so a query has the last word.
      if (status !== 200) await call(target, '/query', new URLSearchParams({ query: '1' }), limitsOf(limits));
    },
  };
}

/** The limits alone, out of a query that extends them. */
function limitsOf({ timeoutMs, signal }: CallLimits): CallLimits {
  return { timeoutMs, ...(signal ? { signal } : {}) };
}

/**
 * A name of any characters as one path segment that servers from 3.0 understand: `U__`, then letters and digits as they are, an
 * underscore doubled, everything else as its code point in hexadecimal between underscores (Prometheus's "values" escaping).
 */
function escapeName(name: string): string {
  const escaped = Array.from(name, (char, index) => {
    if (char === '_') return '__';
    return (index === 0 ? /^[a-zA-Z:]$/ : /^[a-zA-Z0-9:]$/).test(char)
      ? char
      : `_${(char.codePointAt(0) ?? 0).toString(16)}_`;
  });
  return `U__${escaped.join('')}`;
}
