export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string';

/**
 * What a function does to the series it is given, which decides where it may run.
 * `series`: one instant vector, each series for itself. `range`: one range vector, each series for itself.
 * `local`: it looks at the whole vector, orders it, changes labels or makes a vector out of nothing.
 */
export type FunctionReach = 'series' | 'range' | 'local';

export interface FunctionSignature {
  readonly args: readonly ValueType[];
  /** How many of the last arguments may be left out; `many` = the last one may be repeated or left out. */
  readonly optional: number | 'many';
  readonly returns: ValueType;
  readonly reach: FunctionReach;
}

function signature(
  args: readonly ValueType[],
  reach: FunctionReach,
  returns: ValueType = 'vector',
  optional: number | 'many' = 0,
): FunctionSignature {
  return { args, optional, returns, reach };
}

function each(names: string, one: FunctionSignature): [string, FunctionSignature][] {
  return names.split(' ').map((name) => [name, one]);
}

/** The functions of Prometheus 2.x and 3.x. The spokes have the last word on whether their version knows one. */
const FUNCTIONS: ReadonlyMap<string, FunctionSignature> = new Map([
  ...each(
    'abs acos acosh asin asinh atan atanh ceil cos cosh deg exp floor ln log10 log2 rad sgn sin sinh sqrt tan tanh timestamp ' +
      'histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar start_timestamp',
    signature(['vector'], 'series'),
  ),
  ...each('clamp', signature(['vector', 'scalar', 'scalar'], 'series')),
  ...each('clamp_max clamp_min', signature(['vector', 'scalar'], 'series')),
  ...each('round', signature(['vector', 'scalar'], 'series', 'vector', 1)),
  ...each(
    'day_of_month day_of_week day_of_year days_in_month hour minute month year',
    signature(['vector'], 'series', 'vector', 1),
  ),
  ...each('histogram_quantile', signature(['scalar', 'vector'], 'series')),
  ...each('histogram_fraction', signature(['scalar', 'scalar', 'vector'], 'series')),
  ...each(
    'avg_over_time changes count_over_time delta deriv first_over_time idelta increase irate last_over_time mad_over_time ' +
      'max_over_time min_over_time present_over_time rate resets stddev_over_time stdvar_over_time sum_over_time ' +
      'ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time',
    signature(['matrix'], 'range'),
  ),
  ...each('quantile_over_time', signature(['scalar', 'matrix'], 'range')),
  ...each('predict_linear', signature(['matrix', 'scalar'], 'range')),
  ...each('holt_winters double_exponential_smoothing', signature(['matrix', 'scalar', 'scalar'], 'range')),
  ...each('absent', signature(['vector'], 'local')),
  ...each('absent_over_time', signature(['matrix'], 'local')),
  ...each('label_replace', signature(['vector', 'string', 'string', 'string', 'string'], 'local')),
  ...each('label_join', signature(['vector', 'string', 'string', 'string'], 'local', 'vector', 'many')),
  ...each('sort sort_desc', signature(['vector'], 'local')),
  ...each('sort_by_label sort_by_label_desc', signature(['vector', 'string'], 'local', 'vector', 'many')),
  ...each('info', signature(['vector', 'vector'], 'local', 'vector', 1)),
  ...each('scalar', signature(['vector'], 'local', 'scalar')),
  ...each('vector', signature(['scalar'], 'local')),
  ...each('time pi', signature([], 'local', 'scalar')),
]);

export function functionNamed(name: string): FunctionSignature | undefined {
  return FUNCTIONS.get(name);
}

/** Aggregations whose first argument is a parameter, and its type. */
export const AGGREGATION_PARAMETERS: ReadonlyMap<string, ValueType> = new Map([
  ['topk', 'scalar'],
  ['bottomk', 'scalar'],
  ['quantile', 'scalar'],
  ['limitk', 'scalar'],
  ['limit_ratio', 'scalar'],
  ['count_values', 'string'],
]);
