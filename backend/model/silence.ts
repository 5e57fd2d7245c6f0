import { z } from 'zod';
import { AppError } from './errors.ts';
import { ClusterOutcome } from './outcome.ts';

/** A condition on one label, as Alertmanager has it: anchored regular expressions (RE2). */
export const SilenceMatcher = z.strictObject({
  name: z.string(),
  value: z.string(),
  is_regex: z.boolean(),
  is_equal: z.boolean(),
});
export type SilenceMatcher = z.infer<typeof SilenceMatcher>;

export const SilenceState = z.enum(['ACTIVE', 'PENDING', 'EXPIRED']);
export type SilenceState = z.infer<typeof SilenceState>;

/** A silence of one cluster's Alertmanager, which keeps it; expired ones stay there for some days. */
export const Silence = z.strictObject({
  id: z.string(),
  cluster_id: z.uuid(),
  cluster_name: z.string(),
  state: SilenceState,
  /** Each as `name="value"`; all must hold. */
  matchers: z.array(z.string()),
  starts_at: z.iso.datetime(),
  ends_at: z.iso.datetime(),
  created_by: z.string(),
  comment: z.string(),
});
export type Silence = z.infer<typeof Silence>;

export const SilencesAnswer = z.strictObject({
  silences: z.array(Silence),
  total: z.int(),
  clusters: z.array(ClusterOutcome),
  complete: z.boolean(),
});
export type SilencesAnswer = z.infer<typeof SilencesAnswer>;

/** `name="value"`, `!=`, `=~`, `!~`; quotes may be left out around a plain word. */
const MATCHER =
  /^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"'{},\\=~!][^\s"'{},\\]*))\s*$/;

/** Throws VALIDATION_FAILED naming `field`. */
export function parseMatcher(text: string, field: string): SilenceMatcher {
  const [, name, operator, quoted, bare] = MATCHER.exec(text) ?? [];
  if (name === undefined || operator === undefined) {
    const message = `${JSON.stringify(text.slice(0, 100))} is no matcher; write name="value", name!="value", name=~"regex" or name!~"regex"`;
    throw new AppError('VALIDATION_FAILED', `${field}: ${message}.`, { details: { issues: [{ field, message }] } });
  }
  const value = bare ?? (quoted ?? '').replaceAll(/\\(.)/g, (_, sign: string) => (sign === 'n' ? '\n' : sign));
  return { name, value, is_regex: operator.endsWith('~'), is_equal: !operator.startsWith('!') };
}

/** The matcher as Alertmanager's filters and people write it. */
export function formatMatcher({ name, value, is_regex, is_equal }: SilenceMatcher): string {
  const operator = is_regex ? (is_equal ? '=~' : '!~') : is_equal ? '=' : '!=';
  const quoted = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return `${name}${operator}"${quoted}"`;
}

/**
 * A silence has to say what it is about: one matcher at least is an equality with a value. What only excludes, or leaves it to a
 * regular expression, may match every alert there is. Throws VALIDATION_FAILED.
 */
export function requireNarrow(matchers: readonly SilenceMatcher[]): void {
  if (matchers.some(({ value, is_regex, is_equal }) => is_equal && !is_regex && value !== '')) return;
  const message =
    'at least one must be name="value", such as alertname="KubePodCrashLooping": others may match every alert';
  throw new AppError('VALIDATION_FAILED', `matchers: ${message}.`, {
    details: { issues: [{ field: 'matchers', message }] },
  });
}
