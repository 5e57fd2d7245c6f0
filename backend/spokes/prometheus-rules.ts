import { z } from 'zod';

/** An alerting rule as Prometheus runs it. */
export interface AlertingRule {
  readonly group: string;
  readonly name: string;
  readonly query: string;
  /** Seconds that the expression has to hold. */
  readonly forSeconds: number;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  /** `ok`, `err` or `unknown`. */
  readonly health: string;
  readonly lastError: string | undefined;
}

const Rules = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      rules: z.array(
        z.object({
          type: z.string(),
          name: z.string(),
          query: z.string(),
          duration: z.number().default(0),
          labels: z.record(z.string(), z.string()).default({}),
          annotations: z.record(z.string(), z.string()).default({}),
          health: z.string().default('unknown'),
          lastError: z.string().optional(),
        }),
      ),
    }),
  ),
});

/** The alerting rules in the data of `/api/v1/rules`; undefined when they are not as the API promises. */
export function readAlertingRules(data: unknown): AlertingRule[] | undefined {
  const parsed = Rules.safeParse(data);
  if (!parsed.success) return undefined;
  return parsed.data.groups.flatMap(({ name: group, rules }) =>
    rules
      .filter(({ type }) => type === 'alerting')
      .map(({ type: _type, duration, lastError, ...rule }) => ({ group, ...rule, forSeconds: duration, lastError })),
  );
}
