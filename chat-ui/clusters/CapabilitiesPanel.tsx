import type { Capabilities } from '../../backend/model/cluster.ts';
import { Age } from '../components/Age.tsx';
import { Panel } from '../components/Facts.tsx';
import { StateView } from '../components/StateView.tsx';
import { Shape } from '../components/Status.tsx';
import { capabilityFacts } from './capability-text.ts';

/** What discovery found, and what it could not look up, with the reason. Not known is never "no". */
export function CapabilitiesPanel({ capabilities }: { capabilities: Capabilities | null }) {
  if (capabilities === null) {
    return (
      <Panel id="capabilities-title" title="Capabilities">
        <StateView tone="unknown" title="Not discovered yet.">
          <p>Discovery runs after the registration, every 24 hours and with “Check now”.</p>
        </StateView>
      </Panel>
    );
  }
  const facts = capabilityFacts(capabilities);
  return (
    <Panel
      id="capabilities-title"
      title="Capabilities"
      aside={
        <span class="muted">
          Discovered <Age at={capabilities.discovered_at} />
        </span>
      }
    >
      <dl class="facts">
        {facts.map(({ field, name, value, reason }) => (
          <div class="fact" key={field}>
            <dt>{name}</dt>
            {value === undefined ? (
              <dd>
                <span class="unknown-value">
                  <Shape tone="unknown" />
                  Unknown
                </span>{' '}
                <span class="muted foreign">{reason}</span>
              </dd>
            ) : (
              <dd class="foreign">{value}</dd>
            )}
          </div>
        ))}
      </dl>
    </Panel>
  );
}
