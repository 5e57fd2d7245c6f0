import { SpanStatusCode, trace } from '@opentelemetry/api';
import { requirePermission, scopeFilter } from '../backend/access/policy.ts';
import type { Principal } from '../backend/model/access.ts';
import type { ChatStreamEvent } from '../backend/model/chat.ts';
import type { Cluster } from '../backend/model/cluster.ts';
import { AppError, type ErrorCode, asAppError } from '../backend/model/errors.ts';
import { isSelector, matchesSelector, parseSelector } from '../backend/model/selector.ts';
import { orAborted } from '../backend/platform/abort.ts';
import type { AuditLog } from '../backend/platform/audit.ts';
import type { Clock } from '../backend/platform/clock.ts';
import type { EvidenceStore } from '../backend/platform/evidence.ts';
import type { Logger } from '../backend/platform/logger.ts';
import type { Metrics } from '../backend/platform/metrics.ts';
import { redact, redactText } from '../backend/platform/redact.ts';
import type { ClusterFilter } from '../backend/registry/cluster-filter.ts';
import { auditArguments } from './audit-arguments.ts';
import type { CallContext, Door } from './context.ts';
import type { AnyTool } from './define.ts';
import { type FittedAnswer, fitAnswer } from './fit-answer.ts';
import { nearNames } from '../backend/model/near-names.ts';
import { type CallProgress, createProgress } from './progress.ts';
import type { Services } from './services.ts';
import { validationError } from './validation-error.ts';

export interface ToolCallRequest {
  readonly tool: string;
  readonly input: unknown;
  readonly principal: Principal;
  readonly door: Door;
  readonly traceId: string;
  /** Aborts when the caller goes away. */
  readonly signal?: AbortSignal;
  /** True when a person has confirmed exactly this call, or made it by hand (REST, CLI). */
  readonly confirmed?: boolean;
  emit?(event: ChatStreamEvent): void;
  /** Told now and then how many of the clusters have answered. */
  progress?(progress: CallProgress): void;
}

/** Redacted, and what it says is valid against the tool's schemas. */
export interface ToolAnswer extends FittedAnswer {
  readonly durationMs: number;
}

export interface Dispatcher {
  /** In the order of the catalog, which never changes between calls. */
  readonly tools: readonly AnyTool[];
  find(name: string): AnyTool | undefined;
  /** The one way a tool runs. Throws AppError only. */
  call(request: ToolCallRequest): Promise<ToolAnswer>;
}

export interface DispatcherOptions {
  readonly catalog: readonly AnyTool[];
  readonly services: Services;
  readonly audit: AuditLog;
  readonly evidence: EvidenceStore;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Longest run of a tool that names no deadline of its own. */
  readonly defaultDeadlineMs?: number;
}

/** Part of a tool's time that is kept back from its spokes, so that a late spoke still leaves room to answer. */
const ANSWER_RESERVE_MS = 500;
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { catalog, services, audit, evidence, metrics, clock, logger, defaultDeadlineMs = 30_000 } = options;
  const byName = new Map(catalog.map((tool) => [tool.name, tool]));
  const tracer = trace.getTracer('aiops-nextgen');

  async function call(request: ToolCallRequest): Promise<ToolAnswer> {
    const tool = byName.get(request.tool);
    if (!tool) throw unknownTool(request.tool, request.door);
    const startedAt = clock.now();
    const startedMs = clock.monotonicMs();
    const touched = new Set<string>();
    let outcome: 'SUCCESS' | ErrorCode = 'SUCCESS';
    return tracer.startActiveSpan(
      `tool ${tool.name}`,
      { attributes: { 'aiops.tool': tool.name, 'aiops.door': request.door } },
      async (span) => {
        try {
          return await run(tool, request, startedMs, touched);
        } catch (thrown) {
          const error = request.signal?.aborted === true ? cancelled() : asAppError(thrown);
          outcome = error.code;
          span.setStatus({ code: SpanStatusCode.ERROR, message: error.code });
          if (error.code === 'INTERNAL_ERROR')
            logger.error({ err: error.cause ?? error, tool: tool.name, trace_id: request.traceId }, 'tool failed');
          throw redactError(error);
        } finally {
          const durationMs = clock.monotonicMs() - startedMs;
          metrics.toolCalls.inc({ tool: tool.name, door: request.door, outcome });
          metrics.toolDuration.observe({ tool: tool.name }, durationMs / 1000);
          span.end();
          await record(tool, request, { startedAt, outcome, durationMs, clusterIds: [...touched] });
        }
      },
    );
  }

  async function run(
    tool: AnyTool,
    request: ToolCallRequest,
    startedMs: number,
    touched: Set<string>,
  ): Promise<ToolAnswer> {
    const parsed = tool.input.safeParse(request.input ?? {});
    if (!parsed.success) throw validationError(parsed.error, tool.input);
    const input: unknown = parsed.data;
    requirePermission(request.principal, tool.permission);
    if (tool.confirm && request.confirmed !== true) throw confirmationRequired(tool, tool.confirm(input));

    const deadlineMs = tool.deadlineMs?.(input) ?? defaultDeadlineMs;
    const controller = new AbortController();
    const onAbort = () => controller.abort(request.signal?.reason ?? new Error('the caller went away'));
    if (request.signal?.aborted) onAbort();
    request.signal?.addEventListener('abort', onAbort, { once: true });
    const deadline: { late?: AppError } = {};
    const cancelDeadline = clock.after(deadlineMs, () => {
      // Made only now: an error's stack trace costs more than the rest of a short call, and hardly a call is late.
      deadline.late = new AppError('QUERY_TIMEOUT', `${tool.name} did not finish within ${deadlineMs / 1000} s.`, {
        details: { deadline_ms: deadlineMs },
        hint: 'Ask fewer clusters, a shorter time range, or a larger timeout where the tool has one.',
      });
      controller.abort(deadline.late);
    });
    try {
      const context = createContext(request, controller.signal, deadlineMs, touched);
      const raw: unknown = await orAborted(tool.run(context, input), controller.signal);
      return await finish(tool, request, raw, startedMs);
    } catch (thrown) {
      // A spoke client may report the abort in its own words; the deadline is the truth behind it.
      throw deadline.late !== undefined && controller.signal.reason === deadline.late ? deadline.late : thrown;
    } finally {
      cancelDeadline();
      request.signal?.removeEventListener('abort', onAbort);
    }
  }

  async function finish(tool: AnyTool, request: ToolCallRequest, raw: unknown, startedMs: number): Promise<ToolAnswer> {
    const checked = tool.output.safeParse(raw);
    if (!checked.success) {
      logger.error(
        { tool: tool.name, issues: checked.error.issues.slice(0, 5), trace_id: request.traceId },
        'tool output breaks its schema',
      );
      throw new AppError('TOOL_EXECUTION_FAILED', `${tool.name} produced an answer that breaks its own schema.`, {
        hint: 'This is a defect of the server; the trace id finds it in the log.',
      });
    }
    const whole = redact(checked.data as Record<string, unknown>, new Set(tool.revealsKeys)); // proof: output is a ZodObject
    const owner = request.principal.id;
    const fitted = await fitAnswer(tool, whole, { door: request.door, owner }, evidence);
    return { ...fitted, durationMs: Math.round(clock.monotonicMs() - startedMs) };
  }

  function createContext(
    request: ToolCallRequest,
    signal: AbortSignal,
    deadlineMs: number,
    touched: Set<string>,
  ): CallContext {
    const inScope = scopeFilter(request.principal.scope);
    const visible = async (filter?: ClusterFilter) => (await services.registry.list(filter)).filter(inScope);
    /** Only those are read; all of them only to tell who asked for a name that is not there which ones are near. */
    const named = async (wanted: readonly string[]) => {
      const { picked, missing } = pickByName(await visible({ named: wanted }), wanted);
      if (missing.length === 0) return picked;
      throw unknownClusters(
        missing,
        (await visible()).map((cluster) => cluster.name),
      );
    };
    const touch = (clusters: Cluster[]) => {
      for (const cluster of clusters) touched.add(cluster.id);
      return clusters;
    };
    const progress = request.progress && createProgress((one) => request.progress?.(one), clock);
    const budgetMs = Math.max(deadlineMs - ANSWER_RESERVE_MS, deadlineMs / 2);
    const resolveClusters: CallContext['resolveClusters'] = async (wanted) => {
      const { names, selector } = readClusters(wanted);
      return touch(names.length > 0 ? await named(names) : pickBySelector(await visible(), selector));
    };
    return {
      principal: request.principal,
      door: request.door,
      traceId: request.traceId,
      signal,
      budgetMs,
      clock,
      logger,
      services,
      resolveClusters,
      question: async (wanted) => ({
        clusters: await resolveClusters(wanted),
        budgetMs,
        signal,
        scope: request.principal.scope.selector,
        ...(progress === undefined ? {} : { progress }),
      }),
      resolveCluster: async (nameOrId) => {
        const [cluster] = touch(await named([nameOrId]));
        if (!cluster) throw unknownClusters([nameOrId], []);
        return cluster;
      },
      emit: (event) => request.emit?.(event),
    };
  }

  async function record(
    tool: AnyTool,
    request: ToolCallRequest,
    {
      startedAt,
      outcome,
      durationMs,
      clusterIds,
    }: { startedAt: Date; outcome: 'SUCCESS' | ErrorCode; durationMs: number; clusterIds: string[] },
  ): Promise<void> {
    const entry = {
      at: startedAt,
      principal_id: request.principal.id,
      door: request.door,
      tool: tool.name,
      arguments: auditArguments(tool, request.input),
      outcome,
      duration_ms: Math.round(durationMs),
      trace_id: request.traceId,
      cluster_ids: clusterIds,
    };
    // Who changes something waits for its record; a read is answered at once and recorded with its neighbours.
    // What has happened is not undone because its row could not be written, but the loss is on record in the log.
    await audit
      .record(entry, tool.annotations.readOnly ? 'SOON' : 'NOW')
      .catch((error: unknown) => logger.error({ err: error, audit: entry }, 'audit record could not be stored'));
  }

  function unknownTool(name: string, door: Door): AppError {
    const offered = catalog
      .filter((tool) => tool.exposure === 'model' || door === 'rest' || door === 'cli')
      .map((tool) => tool.name);
    const similar = nearNames(name, offered);
    const hint = similar.length > 0 ? `Did you mean ${similar.join(' or ')}?` : `Tools: ${offered.join(', ')}.`;
    return new AppError('TOOL_NOT_FOUND', `There is no tool named ${JSON.stringify(name.slice(0, 80))}.`, {
      details: { similar },
      hint,
    });
  }

  return { tools: catalog, find: (name) => byName.get(name), call };
}

/** What a `clusters` argument says: names, or a selector. Neither = every cluster. */
function readClusters(wanted: readonly string[] | string | undefined): {
  names: readonly string[];
  selector: string | undefined;
} {
  const list = typeof wanted === 'string' ? [wanted] : (wanted ?? []);
  const [only] = list;
  if (only === undefined || !list.some(isSelector)) return { names: list, selector: undefined };
  if (list.length > 1) {
    const message = 'clusters: give names or ids, or exactly one label selector; join requirements with commas.';
    throw new AppError('VALIDATION_FAILED', message, { details: { issues: [{ field: 'clusters', message }] } });
  }
  return { names: [], selector: only };
}

function pickBySelector(visible: Cluster[], selector: string | undefined): Cluster[] {
  if (selector === undefined) return visible;
  const requirements = parseSelector(selector);
  const matching = visible.filter((cluster) => matchesSelector(cluster, requirements));
  if (matching.length > 0 || visible.length === 0) return matching;
  throw new AppError('CLUSTER_NOT_FOUND', `No cluster matches ${JSON.stringify(selector.slice(0, 200))}.`, {
    details: { selector: selector.slice(0, 200) },
    hint: 'list_clusters shows labels, environment, type and region of each.',
  });
}

function pickByName(found: readonly Cluster[], wanted: readonly string[]): { picked: Cluster[]; missing: string[] } {
  // Ids come last and win: a cluster that is named like another's id must not be taken for it.
  const byKey = new Map([
    ...found.map((cluster) => [cluster.name, cluster] as const),
    ...found.map((cluster) => [cluster.id, cluster] as const),
  ]);
  const picked = new Set(wanted.flatMap((key) => byKey.get(key) ?? []));
  return { picked: found.filter((cluster) => picked.has(cluster)), missing: wanted.filter((key) => !byKey.has(key)) };
}

function unknownClusters(missing: readonly string[], names: readonly string[]): AppError {
  const similar = [...new Set(missing.flatMap((key) => nearNames(key, names)))];
  const known =
    names.length === 0
      ? 'No cluster is registered in your scope yet.'
      : `Known clusters: ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}.`;
  return new AppError(
    'CLUSTER_NOT_FOUND',
    `There is no cluster ${missing.map((key) => JSON.stringify(key.slice(0, 80))).join(', ')}.`,
    {
      details: { missing, similar },
      hint: similar.length > 0 ? `Did you mean ${similar.join(' or ')}?` : known,
    },
  );
}

function cancelled(): AppError {
  return new AppError('CANCELLED', 'The caller went away before the answer was ready.');
}

function confirmationRequired(tool: AnyTool, question: string): AppError {
  return new AppError('CONFIRMATION_REQUIRED', `${tool.name} changes things and needs a person's confirmation.`, {
    details: { tool: tool.name, question },
    hint: 'Use a client that can ask (MCP elicitation), the command line (aiops call), or the REST API.',
  });
}

function redactError(error: AppError): AppError {
  const { hint } = error;
  const options = {
    details: redact(error.details),
    cause: error.cause,
    ...(hint === undefined ? {} : { hint: redactText(hint) }),
  };
  return new AppError(error.code, redactText(error.message), options);
}
