import { type Signal, type SignalClusters, type SignalQuestion, signalClusters } from '../fanout/signal-clusters.ts';

export { joinByName } from '../fanout/signal-clusters.ts';

export type LogsQuestion = SignalQuestion;

const LOGS: Signal = { what: 'logs', server: 'Loki', endpoint: 'loki_url', missing: 'LOKI_NOT_AVAILABLE' };

/** Who can be asked for logs; see {@link signalClusters}. */
export function logClusters(question: LogsQuestion): SignalClusters {
  return signalClusters(question, LOGS);
}
