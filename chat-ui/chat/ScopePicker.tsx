import type { ListedCluster } from '../../backend/model/cluster.ts';
import { valueOf } from '../loadable.ts';
import { useServices } from '../services.ts';
import { Shape, toneOfState, words } from '../components/Status.tsx';
import type { Conversation } from './conversation.ts';

export function scopeText(scope: readonly string[]): string {
  if (scope.length === 0) return 'All clusters';
  return scope.length <= 3 ? scope.join(', ') : `${scope.slice(0, 2).join(', ')} and ${scope.length - 2} more`;
}

/** Which clusters the questions are about. Chosen before the first question; fixed with the stored conversation after it. */
export function ScopePicker({ conversation }: { conversation: Conversation }) {
  const { fleet } = useServices();
  const scope = conversation.scope.value;
  if (conversation.id.value !== undefined || conversation.running.value) {
    return (
      <span class="scope-fixed" title="The scope of a conversation is fixed; begin a new one for another scope">
        <span class="muted">Scope</span> {scopeText(scope)}
      </span>
    );
  }
  const clusters = valueOf(fleet.clusters.value);
  return (
    <details class="scope" name="scope">
      <summary class="button">
        <span class="muted">Scope</span> {scopeText(scope)}
      </summary>
      <fieldset class="scope-list">
        <legend>Questions are about</legend>
        <label>
          <input type="checkbox" checked={scope.length === 0} onChange={() => (conversation.scope.value = [])} />
          All clusters
        </label>
        {clusters?.map((cluster) => (
          <ClusterOption key={cluster.id} cluster={cluster} conversation={conversation} />
        ))}
        {!clusters && <p class="muted">The list of clusters is not loaded.</p>}
      </fieldset>
    </details>
  );
}

function ClusterOption({ cluster, conversation }: { cluster: ListedCluster; conversation: Conversation }) {
  const chosen = conversation.scope.value.includes(cluster.name);
  const toggle = () => {
    const others = conversation.scope.value.filter((name) => name !== cluster.name);
    conversation.scope.value = chosen ? others : [...others, cluster.name];
  };
  return (
    <label>
      <input type="checkbox" checked={chosen} onChange={toggle} />
      {cluster.name}
      <span class="scope-state" title={words(cluster.status.state)}>
        <Shape tone={toneOfState(cluster.status.state)} />
        <span class="sr-only">{words(cluster.status.state)}</span>
      </span>
    </label>
  );
}
