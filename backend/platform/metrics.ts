import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export type Metrics = ReturnType<typeof createMetrics>;

/** Every instrument of the server, in a registry of its own. `path` labels are route templates, never raw URLs. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    toolCalls: new Counter({
      name: 'aiops_tool_calls_total',
      help: 'Tool calls by outcome (SUCCESS or an error code).',
      labelNames: ['tool', 'door', 'outcome'] as const,
      registers,
    }),
    toolDuration: new Histogram({
      name: 'aiops_tool_duration_seconds',
      help: 'Run time of tool calls.',
      labelNames: ['tool'] as const,
      buckets: SECONDS,
      registers,
    }),
    spokeRequests: new Counter({
      name: 'aiops_spoke_requests_total',
      help: 'Requests to spokes by endpoint kind and outcome.',
      labelNames: ['kind', 'outcome'] as const,
      registers,
    }),
    spokeDuration: new Histogram({
      name: 'aiops_spoke_duration_seconds',
      help: 'Duration of requests to spokes.',
      labelNames: ['kind'] as const,
      buckets: SECONDS,
      registers,
    }),
    breakerState: new Gauge({
      name: 'aiops_breaker_state',
      help: 'Breaker of one kind of endpoint of one cluster, once it has opened: 0 closed, 1 trying again, 2 open.',
      labelNames: ['cluster', 'kind'] as const,
      registers,
    }),
    spokeRetries: new Counter({
      name: 'aiops_spoke_retries_total',
      help: 'Questions to a spoke that were put again after a passing failure.',
      labelNames: ['kind'] as const,
      registers,
    }),
    spokeHedges: new Counter({
      name: 'aiops_spoke_hedges_total',
      help: 'Second requests to a slow spoke: SENT, and of these WON, which answered first.',
      labelNames: ['kind', 'outcome'] as const,
      registers,
    }),
    cacheHits: new Counter({
      name: 'aiops_cache_hits_total',
      help: "Clusters' answers that were served from the cache; STALE ones were renewed behind.",
      labelNames: ['kind', 'freshness'] as const,
      registers,
    }),
    guardBlocked: new Counter({
      name: 'aiops_guard_blocked_total',
      help: 'Queries that the query guard refused in whole or in part; in shadow mode, would have.',
      labelNames: ['rule', 'mode'] as const,
      registers,
    }),
    healthLateness: new Histogram({
      name: 'aiops_health_check_lateness_seconds',
      help: 'How long after its time each scheduled health check began.',
      buckets: SECONDS,
      registers,
    }),
    httpRequests: new Counter({
      name: 'gateway_requests_total',
      help: 'HTTP requests by route template.',
      labelNames: ['path', 'method', 'status'] as const,
      registers,
    }),
    httpDuration: new Histogram({
      name: 'gateway_request_duration_seconds',
      help: 'Duration of HTTP requests.',
      labelNames: ['path', 'method'] as const,
      buckets: SECONDS,
      registers,
    }),
    httpActive: new Gauge({ name: 'gateway_active_requests', help: 'HTTP requests in progress.', registers }),
    authFailures: new Counter({ name: 'gateway_auth_failures_total', help: 'Requests refused with 401.', registers }),
    wsConnections: new Counter({ name: 'ws_connections_total', help: 'WebSocket connections accepted.', registers }),
    wsActive: new Gauge({ name: 'ws_connections_active', help: 'WebSocket connections open now.', registers }),
    wsSent: new Counter({ name: 'ws_messages_sent_total', help: 'WebSocket messages sent.', registers }),
    wsReceived: new Counter({ name: 'ws_messages_received_total', help: 'WebSocket messages received.', registers }),
    wsRouted: new Counter({
      name: 'ws_events_routed_total',
      help: 'Events delivered to a client.',
      labelNames: ['event_type'] as const,
      registers,
    }),
    wsDropped: new Counter({
      name: 'ws_events_dropped_total',
      help: 'Events dropped because a client was too slow.',
      registers,
    }),
    wsSubscriptions: new Gauge({ name: 'ws_subscription_count', help: 'WebSocket subscriptions now.', registers }),
    llmTokens: new Counter({
      name: 'aiops_llm_tokens_total',
      help: 'Tokens that language models reported.',
      labelNames: ['model', 'direction'] as const,
      registers,
    }),
    collectProcess: () => collectDefaultMetrics({ register: registry }),
  };
}
