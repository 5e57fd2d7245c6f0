import type { Cluster, ClusterStatus } from './cluster.ts';
import { AppError } from './errors.ts';

/** One requirement of a label selector: the key must (not) have one of the values. */
export interface Requirement {
  readonly key: string;
  readonly negated: boolean;
  readonly value: string;
}

/** What a selector looks at; a cluster that is about to be registered has it too. */
export type Selectable = Pick<Cluster, 'name' | 'environment' | 'cluster_type' | 'platform' | 'region' | 'labels'> & {
  readonly status: Pick<ClusterStatus, 'state'>;
};

/** Cluster fields that a selector may name like labels. A label of the same name is shadowed by the field. */
const FIELDS = {
  environment: (c: Selectable) => c.environment,
  cluster_type: (c: Selectable) => c.cluster_type,
  platform: (c: Selectable) => c.platform,
  region: (c: Selectable) => c.region ?? undefined,
  state: (c: Selectable) => c.status.state,
  name: (c: Selectable) => c.name,
} as const satisfies Record<string, (c: Selectable) => string | undefined>;

/** True when the text is a selector (`key=value`, `key!=value`, comma separated) rather than a name or an id. */
export function isSelector(text: string): boolean {
  return text.includes('=');
}

/** Parses `environment=PRODUCTION,tier!=lab`; all requirements must hold. An empty text is no requirement at all. */
export function parseSelector(text: string): Requirement[] {
  if (text.trim() === '') return [];
  return text.split(',').map((part) => {
    const match = /^\s*([A-Za-z0-9._/-]+)\s*(!=|==?)\s*([^=,!]*?)\s*$/.exec(part);
    if (!match) {
      const message = `clusters: ${JSON.stringify(part)} is not a label selector; write key=value or key!=value, separated by commas.`;
      throw new AppError('VALIDATION_FAILED', message, { details: { issues: [{ field: 'clusters', message }] } });
    }
    return { key: match[1] ?? '', negated: match[2] === '!=', value: match[3] ?? '' };
  });
}

/** Field names match without regard to case of the value (`environment=production`); labels match exactly. */
export function matchesSelector(cluster: Selectable, requirements: readonly Requirement[]): boolean {
  return requirements.every(({ key, negated, value }) => {
    const field = Object.hasOwn(FIELDS, key) ? FIELDS[key as keyof typeof FIELDS] : undefined; // proof: hasOwn
    const same = field ? field(cluster)?.toUpperCase() === value.toUpperCase() : cluster.labels[key] === value;
    return same !== negated;
  });
}
