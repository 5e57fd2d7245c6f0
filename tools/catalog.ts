import { createApiToken } from './access/create-api-token.ts';
import { listApiTokens } from './access/list-api-tokens.ts';
import { rotateEncryptionKey } from './access/rotate-encryption-key.ts';
import { revokeApiToken } from './access/revoke-api-token.ts';
import { expireSilence } from './alerts/expire-silence.ts';
import { getAlert } from './alerts/get-alert.ts';
import { listSilences } from './alerts/list-silences.ts';
import { silenceAlert } from './alerts/silence-alert.ts';
import { listAlertHistory } from './alerts/list-alert-history.ts';
import { removeWebhookSecret } from './alerts/remove-webhook-secret.ts';
import { rotateWebhookSecret } from './alerts/rotate-webhook-secret.ts';
import { listAlerts } from './alerts/list-alerts.ts';
import { createChatSession } from './chat/create-chat-session.ts';
import { deleteChatSession } from './chat/delete-chat-session.ts';
import { getChatSession } from './chat/get-chat-session.ts';
import { getPersona } from './chat/get-persona.ts';
import { listChatMessages } from './chat/list-chat-messages.ts';
import { listChatSessions } from './chat/list-chat-sessions.ts';
import { listPersonas } from './chat/list-personas.ts';
import { sendChatMessage } from './chat/send-chat-message.ts';
import { checkClusterPermissions } from './clusters/check-cluster-permissions.ts';
import { compareClusters } from './clusters/compare-clusters.ts';
import { getClusterHealthHistory } from './clusters/get-cluster-health-history.ts';
import { getClusterStatus } from './clusters/get-cluster-status.ts';
import { getCluster } from './clusters/get-cluster.ts';
import { getFleetCapabilities } from './clusters/get-fleet-capabilities.ts';
import { getFleetHealth } from './clusters/get-fleet-health.ts';
import { getFleetSummary } from './clusters/get-fleet-summary.ts';
import { importClusters } from './clusters/import-clusters.ts';
import { listClusters } from './clusters/list-clusters.ts';
import { refreshCluster } from './clusters/refresh-cluster.ts';
import { registerCluster } from './clusters/register-cluster.ts';
import { removeClusterCredentials } from './clusters/remove-cluster-credentials.ts';
import { removeCluster } from './clusters/remove-cluster.ts';
import { rotateClusterCredentials } from './clusters/rotate-cluster-credentials.ts';
import { setClusterCredentials } from './clusters/set-cluster-credentials.ts';
import { updateCluster } from './clusters/update-cluster.ts';
import { validateClusterCredentials } from './clusters/validate-cluster-credentials.ts';
import { validateNewCluster } from './clusters/validate-new-cluster.ts';
import { getCnfSummary } from './cnf/get-cnf-summary.ts';
import { getCnfWorkloads } from './cnf/get-cnf-workloads.ts';
import { getDpdkStats } from './cnf/get-dpdk-stats.ts';
import { getPtpStatus } from './cnf/get-ptp-status.ts';
import { getSriovStatus } from './cnf/get-sriov-status.ts';
import type { AnyTool } from './define.ts';
import { getEvidence } from './evidence/get-evidence.ts';
import { readEvidence } from './evidence/read-evidence.ts';
import { getGpuFindings } from './gpu/get-gpu-findings.ts';
import { getGpuHistory } from './gpu/get-gpu-history.ts';
import { getGpuNode } from './gpu/get-gpu-node.ts';
import { getGpuNodes } from './gpu/get-gpu-nodes.ts';
import { getGpuProcesses } from './gpu/get-gpu-processes.ts';
import { getGpuSummary } from './gpu/get-gpu-summary.ts';
import { getLogLabels } from './logs/get-log-labels.ts';
import { planLogTail } from './logs/plan-log-tail.ts';
import { queryLogs } from './logs/query-logs.ts';
import { diagnoseWorkloads } from './kubernetes/diagnose-workloads.ts';
import { listEvents } from './kubernetes/list-events.ts';
import { findMetrics } from './metrics/find-metrics.ts';
import { getMetricTrends } from './metrics/get-metric-trends.ts';
import { getResourceUsage } from './metrics/get-resource-usage.ts';
import { getTopConsumers } from './metrics/get-top-consumers.ts';
import { getServiceGraph } from './traces/get-service-graph.ts';
import { getTraceSpans } from './traces/get-trace-spans.ts';
import { getTrace } from './traces/get-trace.ts';
import { listTraceOperations, listTraceServices } from './traces/list-trace-names.ts';
import { searchTraces } from './traces/search-traces.ts';
import { searchErrorLogs } from './logs/search-error-logs.ts';
import { getMetricExemplars } from './metrics/get-metric-exemplars.ts';
import { getMetricLabels } from './metrics/get-metric-labels.ts';
import { getMetricMetadata } from './metrics/get-metric-metadata.ts';
import { getMetricSeries } from './metrics/get-metric-series.ts';
import { queryMetrics } from './metrics/query-metrics.ts';

/** Every tool, in the order that every door lists them. Append within a toolset; clients cache this order. */
export const catalog: readonly AnyTool[] = [
  listClusters,
  getClusterStatus,
  getFleetSummary,
  compareClusters,
  registerCluster,
  updateCluster,
  removeCluster,
  refreshCluster,
  queryMetrics,
  getMetricLabels,
  findMetrics,
  getMetricTrends,
  getResourceUsage,
  getTopConsumers,
  searchTraces,
  getTrace,
  getServiceGraph,
  queryLogs,
  searchErrorLogs,
  listAlerts,
  getAlert,
  silenceAlert,
  listEvents,
  diagnoseWorkloads,
  getGpuNodes,
  getGpuSummary,
  getGpuProcesses,
  getCnfWorkloads,
  getPtpStatus,
  getSriovStatus,
  getDpdkStats,
  readEvidence,
  getCluster,
  setClusterCredentials,
  removeClusterCredentials,
  rotateClusterCredentials,
  validateClusterCredentials,
  validateNewCluster,
  getClusterHealthHistory,
  getFleetHealth,
  getFleetCapabilities,
  checkClusterPermissions,
  importClusters,
  getMetricSeries,
  getMetricMetadata,
  getMetricExemplars,
  getLogLabels,
  planLogTail,
  listTraceServices,
  listTraceOperations,
  getTraceSpans,
  listAlertHistory,
  listSilences,
  expireSilence,
  rotateWebhookSecret,
  removeWebhookSecret,
  getGpuNode,
  getGpuFindings,
  getGpuHistory,
  getCnfSummary,
  getEvidence,
  listPersonas,
  getPersona,
  createChatSession,
  listChatSessions,
  getChatSession,
  deleteChatSession,
  listChatMessages,
  sendChatMessage,
  createApiToken,
  listApiTokens,
  revokeApiToken,
  rotateEncryptionKey,
];
