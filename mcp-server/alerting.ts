import { createAlertHistory } from '../backend/collectors/alerts/history/history.ts';
import { createAlertIntake } from '../backend/collectors/alerts/history/intake.ts';
import { startAlertPoller } from '../backend/collectors/alerts/history/poller.ts';
import { createAlertRecorder } from '../backend/collectors/alerts/history/record.ts';
import { createWebhookSecrets } from '../backend/collectors/alerts/history/webhook-secrets.ts';
import { createAlertDetails } from '../backend/collectors/alerts/alert-details.ts';
import { createSilences } from '../backend/collectors/alerts/silences.ts';
import { createAlertsCollector } from '../backend/collectors/alerts/alerts.ts';
import type { Fanout } from '../backend/collectors/fanout/fanout.ts';
import type { Clock } from '../backend/platform/clock.ts';
import type { EventBus } from '../backend/platform/event-bus.ts';
import type { Logger } from '../backend/platform/logger.ts';
import type { Store } from '../backend/platform/store/store.ts';
import type { ClusterRegistry } from '../backend/registry/registry.ts';
import type { Spokes } from '../backend/spokes/spokes.ts';
import type { Services } from '../tools/services.ts';
import type { EffectiveConfig } from './config.ts';
import type { WebhookOptions } from './rest/alert-webhook.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Everything about alerts, running. */
export interface Alerting {
  readonly services: Pick<Services, 'alerts' | 'alertDetails' | 'alertHistory' | 'silences' | 'webhookSecrets'>;
  /** Where notifications of Alertmanagers go. */
  readonly webhook: WebhookOptions;
  /** Deletes what is past its time. Returns how many episodes. */
  purge(): Promise<number>;
  stop(): Promise<void>;
}

export function startAlerting(parts: {
  readonly config: EffectiveConfig;
  readonly store: Store;
  readonly registry: ClusterRegistry;
  readonly fanout: Fanout;
  readonly spokes: Spokes;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nudge: () => void;
  readonly background: boolean;
}): Alerting {
  const { config, store, fanout, spokes, clock, logger, nudge } = parts;
  const history = createAlertHistory(store, clock);
  const recorder = createAlertRecorder({
    store,
    clock,
    nudge,
    flapRule: { episodes: config.flapping_episodes, windowMs: config.flapping_minutes * MINUTE_MS },
    switchRules: { watchdogRequired: config.watchdog_required, graceMs: config.watchdog_minutes * MINUTE_MS },
  });
  const secrets = createWebhookSecrets(store, clock);
  const poller = startAlertPoller({ ...parts, recorder, watchdogs: config.watchdog_alerts });
  return {
    services: {
      alerts: createAlertsCollector({ fanout, spokes, history }),
      alertDetails: createAlertDetails({ fanout, spokes, history }),
      alertHistory: history,
      silences: createSilences({ fanout, spokes, clock, watchdogs: config.watchdog_alerts }),
      webhookSecrets: secrets,
    },
    webhook: { intake: createAlertIntake({ recorder, logger }), secrets },
    purge: () => history.purge(new Date(clock.now().getTime() - config.alerts_kept_days * DAY_MS)),
    stop: () => poller.stop(),
  };
}
