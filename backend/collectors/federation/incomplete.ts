import { AppError } from '../../model/errors.ts';
import { type ClusterOutcome, hasNoEndpoint } from '../../model/outcome.ts';
import { isComparison } from './ast.ts';
import type { Plan, PlanNode } from './plan.ts';

const NAMED = 5;

/** Names of clusters whose data is not in the answer, or not all of it. */
export function missingClusters(outcomes: readonly ClusterOutcome[]): string[] {
  return outcomes
    .filter((outcome) => outcome.status !== 'SUCCESS' && !hasNoEndpoint(outcome))
    .map(({ cluster_name: name }) => name);
}

function listed(names: readonly string[]): string {
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `${names.slice(0, NAMED).join(', ')}${more}`;
}

/** That something is absent cannot be said while a cluster is silent. */
export function undecidable(missing: readonly string[], at: number): AppError {
  const message = `Whether it is absent is unknown: no cluster that answered has it, but ${listed(missing)} did not answer whole.`;
  return new AppError('QUERY_REFUSED', message, {
    details: { rule: 'undecidable', at, missing: missing.slice(0, 100) },
    hint: 'Ask again, or name in clusters those that are meant.',
  });
}

/** What the gap means for an answer that was given all the same, in sentences. */
export function gapNotes(plan: Plan, missing: readonly string[]): string[] {
  if (missing.length === 0) return [];
  const traits = new Set(traitsOf(plan.root));
  const said = [...MEANING].filter(([trait]) => traits.has(trait)).map(([, words]) => words);
  return [`Without ${listed(missing)}: ${said.length === 0 ? 'their series are missing' : said.join('; ')}.`];
}

type Trait = 'total' | 'extreme' | 'typical' | 'decision';

const MEANING: ReadonlyMap<Trait, string> = new Map([
  ['total', 'sums (of values that are not negative) and counts are lower bounds'],
  ['extreme', 'minima, maxima and ranks are of the clusters that answered'],
  ['typical', 'averages, spreads and quantiles are of the clusters that answered'],
  ['decision', 'what a comparison, unless or scalar() over merged values says is undecidable'],
]);

const TRAIT_OF: Readonly<Record<string, Trait>> = {
  sum: 'total',
  count: 'total',
  count_values: 'total',
  min: 'extreme',
  max: 'extreme',
  topk: 'extreme',
  bottomk: 'extreme',
  avg: 'typical',
  stddev: 'typical',
  stdvar: 'typical',
  quantile: 'typical',
};

function traitsOf(node: PlanNode): Trait[] {
  switch (node.type) {
    case 'fetch':
    case 'constant':
    case 'string':
    case 'time':
      return [];
    case 'unary':
    case 'absent':
      return traitsOf(node.input);
    case 'window':
      return traitsOf(node.input);
    case 'binary': {
      const decides = isComparison(node.expr.op) || node.expr.op === 'unless';
      return [...(decides ? (['decision'] as const) : []), ...traitsOf(node.lhs), ...traitsOf(node.rhs)];
    }
    case 'aggregate':
    case 'pooled': {
      const own = TRAIT_OF[node.expr.op];
      const parts = node.type === 'pooled' ? node.parts : [node.input];
      return [...(own ? [own] : []), ...parts.flatMap(traitsOf)];
    }
    case 'call': {
      const own: Trait[] =
        node.expr.func === 'histogram_quantile' ? ['typical'] : node.expr.func === 'scalar' ? ['decision'] : [];
      return [...own, ...node.args.flatMap(traitsOf)];
    }
  }
}
