import { createApiToken } from './access/create-api-token.ts';
import { listApiTokens } from './access/list-api-tokens.ts';
import { revokeApiToken } from './access/revoke-api-token.ts';
import { listAlerts } from './alerts/list-alerts.ts';
import { createChatSession } from './chat/create-chat-session.ts';
import { deleteChatSession } from './chat/delete-chat-session.ts';
import { getChatSession } from './chat/get-chat-session.ts';
import { getPersona } from './chat/get-persona.ts';
import { listChatMessages } from './chat/list-chat-messages.ts';
import { listChatSessions } from './chat/list-chat-sessions.ts';
import { listPersonas } from './chat/list-personas.ts';
import { sendChatMessage } from './chat/send-chat-message.ts';
import { getClusterStatus } from './clusters/get-cluster-status.ts';
import { getCluster } from './clusters/get-cluster.ts';
import { getFleetSummary } from './clusters/get-fleet-summary.ts';
import { listClusters } from './clusters/list-clusters.ts';
import { registerCluster } from './clusters/register-cluster.ts';
import { removeCluster } from './clusters/remove-cluster.ts';
import { setClusterCredentials } from './clusters/set-cluster-credentials.ts';
import type { AnyTool } from './define.ts';
import { getEvidence } from './evidence/get-evidence.ts';
import { getMetricLabels } from './metrics/get-metric-labels.ts';
import { queryMetrics } from './metrics/query-metrics.ts';

/** Every tool, in the order that every door lists them. Append within a toolset; clients cache this order. */
export const catalog: readonly AnyTool[] = [
  listClusters,
  getClusterStatus,
  getFleetSummary,
  registerCluster,
  removeCluster,
  queryMetrics,
  getMetricLabels,
  listAlerts,
  getCluster,
  setClusterCredentials,
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
];
