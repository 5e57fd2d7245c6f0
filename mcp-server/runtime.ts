import { createApiTokens } from '../backend/access/tokens.ts';
import { createCnfCollector } from '../backend/collectors/cnf/cnf.ts';
import { dpdkMappingOf } from '../backend/collectors/cnf/dpdk-metrics.ts';
import { createErrorLogsCollector } from '../backend/collectors/logs/error-logs.ts';
import { startGpuWatch } from '../backend/collectors/gpu/gpu-watch.ts';
import { createGpusCollector } from '../backend/collectors/gpu/gpus.ts';
import { createFanout } from '../backend/collectors/fanout/fanout.ts';
import { createLogTails } from '../backend/collectors/logs/log-tail.ts';
import { createLogsCollector } from '../backend/collectors/logs/logs.ts';
import { createMetricUsage } from '../backend/collectors/usage/usage-services.ts';
import { createWorkloadsCollector } from '../backend/collectors/workloads/workloads.ts';
import { startTraceWatch } from '../backend/collectors/traces/trace-watch.ts';
import { createTracesCollector } from '../backend/collectors/traces/traces.ts';
import { createMetricsSource } from '../backend/collectors/metrics/metrics-source.ts';
import { createMetricsCollector } from '../backend/collectors/metrics/metrics.ts';
import { createConversations } from '../backend/conversations/conversations.ts';
import type { EventType } from '../backend/model/event.ts';
import { createAuditLog } from '../backend/platform/audit.ts';
import type { Clock } from '../backend/platform/clock.ts';
import { type EventBus, createEventBus } from '../backend/platform/event-bus.ts';
import { type EvidenceStore, createEvidenceStore } from '../backend/platform/evidence.ts';
import type { Logger } from '../backend/platform/logger.ts';
import type { Metrics } from '../backend/platform/metrics.ts';
import { openKeyring } from '../backend/platform/keyring.ts';
import { startJobs } from '../backend/platform/jobs.ts';
import { startOutboxRelay } from '../backend/platform/outbox-relay.ts';
import { purgeEvents } from '../backend/platform/outbox.ts';
import { startRetention } from '../backend/platform/retention.ts';
import type { DataFolderLock } from '../backend/platform/store/data-folder-lock.ts';
import { type Store, openStore } from '../backend/platform/store/store.ts';
import { createCredentials } from '../backend/registry/credentials/credentials.ts';
import { startExpiryWarnings } from '../backend/registry/credentials/expiry-warnings.ts';
import { rotateMasterKey } from '../backend/registry/credentials/master-key.ts';
import { createCredentialVault } from '../backend/registry/credentials/vault.ts';
import { createClusterDeletion } from '../backend/registry/deletion.ts';
import { cnfPrefixesOf } from '../backend/registry/discovery/cnf.ts';
import { discover } from '../backend/registry/discovery/discover.ts';
import { startDiscovery } from '../backend/registry/discovery/schedule.ts';
import { createHealthHistories } from '../backend/registry/health-history.ts';
import { startHealthMonitor } from '../backend/registry/health.ts';
import { createImports } from '../backend/registry/import/imports.ts';
import { startImportSync } from '../backend/registry/import/sync.ts';
import { checkPermissions } from '../backend/registry/permissions/check.ts';
import { createSpokeProbe } from '../backend/registry/probe.ts';
import { createClusterRegistry } from '../backend/registry/registry.ts';
import { createAddressPolicy } from '../backend/spokes/address-policy.ts';
import { createSpokes } from '../backend/spokes/spokes.ts';
import { createTransport } from '../backend/spokes/transport.ts';
import { createChatAgent } from '../personas/agent/chat-agent.ts';
import { createPersonaDirectory } from '../personas/directory.ts';
import { catalog } from '../tools/catalog.ts';
import { type Dispatcher, createDispatcher } from '../tools/dispatch.ts';
import type { PersonaDirectory, Services } from '../tools/services.ts';
import { createClustersFile } from './clusters-file.ts';
import type { EffectiveConfig } from './config.ts';
import { startAlerting } from './alerting.ts';
import { queryGuardOf } from './query-guard.ts';
import { createProviders } from './providers.ts';
import type { WebhookOptions } from './rest/alert-webhook.ts';
import { sealedStoreOf } from './sealed-store.ts';
import { VERSION } from './version.ts';

/** Everything below the doors, running: what every door stands on, with or without a server around it. */
export interface Runtime {
  readonly store: Store;
  readonly services: Services;
  readonly dispatcher: Dispatcher;
  readonly evidence: EvidenceStore;
  readonly alertWebhook: WebhookOptions;
  readonly personas: PersonaDirectory;
  readonly bus: EventBus;
  close(): Promise<void>;
}

export interface RuntimeOptions {
  readonly config: EffectiveConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Held by the caller when the database is embedded. */
  readonly lock: DataFolderLock | undefined;
  /**
   * Whether this process does the recurring work: health checks, retention, telling of events. False for a command, which comes
   * with its own configuration and must not judge the fleet by it.
   */
  readonly background: boolean;
}

const STALE_CONNECTIONS: ReadonlySet<EventType> = new Set([
  'CLUSTER_UPDATED',
  'CLUSTER_DELETED',
  'CLUSTER_CREDENTIALS_UPDATED',
]);
const DAY_MS = 86_400_000;
/** The product contract keeps records 90 days. */
const AUDIT_KEPT_MS = 90 * DAY_MS;
/** Clients resume within minutes; the rest is for looking back. Product contract: history is kept 7 days. */
const EVENTS_KEPT_MS = 7 * DAY_MS;
const HEALTH_KEPT_MS = 7 * DAY_MS;

export async function openRuntime({
  config,
  clock,
  logger,
  metrics,
  lock,
  background,
}: RuntimeOptions): Promise<Runtime> {
  const store = await openStore({
    dataDir: config.data_dir,
    logger,
    clock,
    ...(config.database_url === undefined ? {} : { databaseUrl: config.database_url }),
    ...(lock === undefined ? {} : { lock }),
  });
  try {
    return await compose(store);
  } catch (error) {
    await store.close();
    throw error;
  }

  async function compose(open: Store): Promise<Runtime> {
    const providers = await createProviders(config, clock); // may refuse, so before anything runs
    const keyring = await openKeyring(config.encryption_key_file, { create: true });
    const policy = createAddressPolicy({ allow: config.outbound_allow, deny: config.outbound_deny });
    const bus = createEventBus(logger);
    const relay = background ? startOutboxRelay({ store: open, bus, clock, logger }) : undefined;
    const nudge = () => relay?.nudge();
    const transport = createTransport({ policy, clock, logger, metrics, version: VERSION });
    const jobs = await startJobs({ store: open, logger });
    const deletion = await createClusterDeletion({ store: open, jobs, logger });
    const registry = createClusterRegistry({
      store: open,
      clock,
      policy,
      nudge,
      queueDeletion: deletion.queue,
    });
    const vault = createCredentialVault({
      store: open,
      clock,
      keyring,
      logger,
      nudge,
      ...(await sealedStoreOf(config, transport, clock)),
    });
    const spokes = createSpokes({ transport, clock, credentialsOf: (id) => vault.get(id) });
    const fanout = createFanout({
      clock,
      spokes,
      logger,
      metrics,
      maxPerCluster: config.spoke_max_parallel,
      maxTotal: config.fleet_max_parallel,
      maxPerSecond: config.spoke_max_rps,
      hedging: config.spoke_hedging,
      paused: config.collection_paused,
      answerMaxBytes: config.answer_mb * 1024 * 1024,
      cacheMaxBytes: config.cache_mb * 1024 * 1024,
    });
    const credentials = createCredentials({ vault, registry, spokes, policy, clock });
    // Kept connections carry the old credentials and certificates; by event, so that every replica lets go of its own.
    bus.subscribe((event) => {
      if (event.cluster_id === undefined || !STALE_CONNECTIONS.has(event.event_type)) return;
      spokes.forget(event.cluster_id);
      fanout.forget(event.cluster_id);
    });
    const deleting = await deletion.start({
      removeCredentials: (id) => vault.erase(id),
      forget: (id) => spokes.forget(id),
      bus,
    });
    const health = startHealthMonitor({
      store: open,
      registry,
      probe: createSpokeProbe(spokes),
      clock,
      logger,
      bus,
      nudge,
      lateness: metrics.healthLateness,
      background,
    });
    const cnfPrefixes = cnfPrefixesOf(config.cnf_namespaces);
    const discovery = startDiscovery({
      store: open,
      registry,
      background,
      discover: (cluster, limits) => discover(cluster, { spokes, clock, cnfPrefixes }, limits),
      bus,
      clock,
      logger,
    });
    const imports = createImports({
      registry,
      credentials,
      spokes,
      clustersFile: createClustersFile(config.clusters_file),
    });
    const importSync = background
      ? startImportSync({ imports, file: config.clusters_file !== undefined, hubs: config.acm_hubs, clock, logger })
      : undefined;
    const healthHistories = createHealthHistories(open);
    const alerting = startAlerting({
      config,
      store: open,
      registry,
      fanout,
      spokes,
      bus,
      clock,
      logger,
      nudge,
      background,
    });
    const audit = createAuditLog(open, { clock, logger });
    const evidence = createEvidenceStore(open, clock);
    const conversations = createConversations({ store: open, clock, nudge });
    const retention = background
      ? startRetention({
          clock,
          logger,
          tasks: {
            evidence: () => evidence.purgeExpired(),
            conversations: () => conversations.purgeExpired(),
            audit: () => audit.purge(new Date(clock.now().getTime() - AUDIT_KEPT_MS)),
            health: () => healthHistories.purge(new Date(clock.now().getTime() - HEALTH_KEPT_MS)),
            alerts: () => alerting.purge(),
            events: () => purgeEvents(open, new Date(clock.now().getTime() - EVENTS_KEPT_MS)),
          },
        })
      : undefined;
    const expiryWarnings = background ? startExpiryWarnings({ store: open, clock, logger, nudge }) : undefined;
    const personas = createPersonaDirectory();
    const source = createMetricsSource({ fanout, spokes });
    const metricsCollector = createMetricsCollector({
      clock,
      source,
      prometheus: spokes.prometheus,
      guard: queryGuardOf(config, { source, clock, metrics }),
    });
    const traces = createTracesCollector({ fanout, spokes, metrics: metricsCollector });
    const traceWatch = background
      ? startTraceWatch({ store: open, registry, traces, bus, clock, logger, nudge })
      : undefined;
    const gpus = createGpusCollector({ fanout, source, spokes, clock });
    const gpuWatch = background ? startGpuWatch({ store: open, registry, gpus, bus, clock, logger, nudge }) : undefined;
    const services: Services = {
      registry,
      credentials,
      rotateMasterKey: (options) => rotateMasterKey({ store: open, vault, keyring }, options),
      health,
      healthHistories,
      discovery,
      permissions: { check: (cluster, signal) => checkPermissions(cluster, { spokes, clock, cnfPrefixes }, signal) },
      imports,
      metrics: metricsCollector,
      usage: createMetricUsage({ metrics: metricsCollector, clock }),
      logs: createLogsCollector({ fanout, spokes }),
      traces,
      errorLogs: createErrorLogsCollector({ fanout, spokes }),
      logTails: createLogTails({ fanout, spokes, clusterOf: (id) => registry.get(id), clock }),
      ...alerting.services,
      workloads: createWorkloadsCollector({ fanout, spokes, clock }),
      gpus,
      cnf: createCnfCollector({
        fanout,
        spokes,
        source,
        clock,
        prefixes: cnfPrefixes,
        dpdk: dpdkMappingOf(config.dpdk_metrics),
      }),
      conversations,
      tokens: createApiTokens(open, clock),
      evidence,
      personas,
      // The agent calls tools through the dispatcher, which needs the services first; the name is bound before any call.
      agent: { answer: (request) => agent.answer(request) },
    };
    const dispatcher = createDispatcher({ catalog, services, audit, evidence, metrics, clock, logger });
    const agent = createChatAgent({
      dispatcher,
      conversations,
      personas,
      providers,
      clock,
      logger,
      metrics,
    });
    return {
      store: open,
      services,
      dispatcher,
      evidence,
      alertWebhook: alerting.webhook,
      personas,
      bus,
      close: async () => {
        await importSync?.stop();
        await health.stop();
        await alerting.stop();
        await traceWatch?.stop();
        await gpuWatch?.stop();
        await discovery.stop();
        await deleting.stop();
        await jobs.stop();
        await retention?.stop();
        await expiryWarnings?.stop();
        await relay?.stop();
        await transport.close();
        await audit.flush();
        await open.close();
      },
    };
  }
}
