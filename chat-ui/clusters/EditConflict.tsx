import { useEffect, useRef } from 'preact/hooks';
import type { Cluster } from '../../backend/model/cluster.ts';
import { Shape } from '../components/Status.tsx';
import { changesBetween, FIELD_NAMES } from './cluster-form.ts';

/** Somebody saved another version meanwhile: what they changed, and how to go on. */
export function EditConflict(props: {
  base: Cluster;
  theirs: Cluster;
  /** Names of the fields that were changed here. */
  mine: readonly string[];
  onChoice: (theirs: Cluster, mine: boolean) => void;
}) {
  const { base, theirs, mine, onChoice } = props;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const changes = changesBetween(base, theirs);
  return (
    <section class="conflict" aria-labelledby="conflict-title">
      <h2 id="conflict-title" ref={heading} tabIndex={-1}>
        <Shape tone="warning" /> {base.name} was changed while you edited it
      </h2>
      <p>
        You opened version {base.resource_version}; it is now at version {theirs.resource_version}. Nothing of yours was
        saved.
      </p>
      {changes.length === 0 ? (
        <p>No field of this form differs.</p>
      ) : (
        <ul class="conflict-list">
          {changes.map(({ field, before, after }) => (
            <li key={field}>
              <b>{FIELD_NAMES[field]}</b>: <span class="foreign">{before}</span> → <span class="foreign">{after}</span>
              {mine.includes(field) && <span class="tone-warning"> — you changed it too</span>}
            </li>
          ))}
        </ul>
      )}
      <div class="actions">
        <button type="button" class="button primary" onClick={() => onChoice(theirs, false)}>
          Reload and drop my changes
        </button>
        <button type="button" class="button" onClick={() => onChoice(theirs, true)}>
          Reload and keep my changes
        </button>
      </div>
    </section>
  );
}
