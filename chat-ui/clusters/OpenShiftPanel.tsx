import type { OpenShiftStatus } from '../../backend/model/cluster.ts';
import { Age } from '../components/Age.tsx';
import { Fact, Facts, Panel } from '../components/Facts.tsx';
import { Shape } from '../components/Status.tsx';

/** What OpenShift says of itself. What could not be read is unknown, never fine. */
export function OpenShiftPanel({ openshift }: { openshift: OpenShiftStatus }) {
  return (
    <Panel
      id="openshift-title"
      title="OpenShift"
      aside={
        <span class="muted">
          Observed <Age at={openshift.observed_at} />
        </span>
      }
    >
      <Facts>
        <Fact name="Version">{openshift.version ?? <Unknown />}</Fact>
        <Fact name="Channel">{openshift.channel ?? <Unknown />}</Fact>
        {openshift.updating_to !== null && <Fact name="Updating to">{openshift.updating_to}</Fact>}
        <Fact name="Available updates">
          {openshift.available_updates === null ? <Unknown /> : openshift.available_updates.join(', ') || 'None'}
        </Fact>
      </Facts>
      <Parts title="Operators" parts={openshift.unhealthy_operators} fine="Every operator is available." />
      <Parts title="Machine config pools" parts={openshift.unhealthy_pools} fine="Every pool is up to date." />
    </Panel>
  );
}

function Unknown() {
  return (
    <span class="unknown-value">
      <Shape tone="unknown" />
      Could not be read
    </span>
  );
}

function Parts(props: { title: string; parts: OpenShiftStatus['unhealthy_operators']; fine: string }) {
  const { title, parts, fine } = props;
  return (
    <>
      <h3>{title}</h3>
      {parts === null && (
        <p>
          <Unknown />
        </p>
      )}
      {parts?.length === 0 && (
        <p class="endpoint-state">
          <Shape tone="healthy" />
          {fine}
        </p>
      )}
      {parts !== null && parts.length > 0 && (
        <ul class="part-list">
          {parts.map((part) => (
            <li key={part.name}>
              <Shape tone="warning" />
              <b class="foreign">{part.name}</b> <span class="foreign">{part.reason}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
