import { useLocation } from 'preact-iso';
import { useState } from 'preact/hooks';
import { Icon } from '../components/Icon.tsx';
import { Popover } from '../components/Popover.tsx';
import { Shape, toneOfState, words } from '../components/Status.tsx';
import { compareNames } from '../fleet/fleet-view.ts';
import { valueOf } from '../loadable.ts';
import { useServices } from '../services.ts';
import { clusterNames, isSelector, scopeText } from './view-url.ts';

/** Clusters listed at once; the search finds the others. */
const MOST_LISTED = 50;

/** Which clusters a question goes to: all in scope, those that are ticked, or those that a selector fits. */
export function ClusterPicker({ clusters, urlOf }: { clusters: string; urlOf: (clusters: string) => string }) {
  return (
    <Popover
      name="clusters"
      label={
        <>
          <Icon name="clusters" />
          <span class="pop-words foreign">{scopeText(clusters)}</span>
        </>
      }
    >
      {(close) => <Choice clusters={clusters} urlOf={urlOf} close={close} />}
    </Popover>
  );
}

function Choice(props: { clusters: string; urlOf: (clusters: string) => string; close: () => void }) {
  const { clusters, urlOf, close } = props;
  const { route } = useLocation();
  const { fleet } = useServices();
  const [text, setText] = useState(isSelector(clusters) ? clusters : '');
  const [chosen, setChosen] = useState<readonly string[]>(clusterNames(clusters));
  const all = valueOf(fleet.clusters.value);
  const selector = isSelector(text);
  const found = (all ?? [])
    .toSorted(compareNames)
    .filter((cluster) => selector || cluster.name.includes(text.trim().toLowerCase()));
  const missing = chosen.filter((name) => all && !all.some((cluster) => cluster.name === name));
  const apply = (scope: string) => {
    close();
    route(urlOf(scope));
  };

  return (
    <form
      class="cluster-choice"
      onSubmit={(event) => {
        event.preventDefault();
        apply(selector ? text.trim() : chosen.join(','));
      }}
    >
      <label class="form-label">
        Name, or a selector such as environment=PRODUCTION
        <input
          type="text"
          class="field mono"
          autocomplete="off"
          spellcheck={false}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      {!all && <p class="muted">The list of clusters is not loaded.</p>}
      {selector ? (
        <p class="muted">The server picks the clusters that fit it, at the time of each question.</p>
      ) : (
        <fieldset class="cluster-ticks" aria-label="Clusters">
          {found.slice(0, MOST_LISTED).map((cluster) => (
            <label key={cluster.id}>
              <input
                type="checkbox"
                checked={chosen.includes(cluster.name)}
                onChange={(event) =>
                  setChosen(
                    event.currentTarget.checked
                      ? [...chosen, cluster.name]
                      : chosen.filter((name) => name !== cluster.name),
                  )
                }
              />
              <span class="foreign">{cluster.name}</span>
              <span class="scope-state" title={words(cluster.status.state)}>
                <Shape tone={toneOfState(cluster.status.state)} />
                <span class="sr-only">{words(cluster.status.state)}</span>
              </span>
            </label>
          ))}
          {found.length > MOST_LISTED && (
            <p class="muted">{found.length - MOST_LISTED} more; write a part of the name.</p>
          )}
          {all && found.length === 0 && <p class="muted">No cluster has this in its name.</p>}
        </fieldset>
      )}
      {missing.length > 0 && <p class="tone-warning">Not registered: {missing.join(', ')}</p>}
      <div class="pop-actions">
        <button type="button" class="button" onClick={() => apply('')}>
          All clusters
        </button>
        <button type="submit" class="button primary" aria-disabled={!selector && chosen.length === 0}>
          {selector ? 'Use the selector' : `Ask ${chosen.length === 0 ? 'all' : chosen.length}`}
        </button>
      </div>
    </form>
  );
}
