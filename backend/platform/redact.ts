/** Replaces what looks like a secret. The last line of defence: secrets should not get this far in the first place. */

export const REDACTED = '[redacted]';

/** Shapes that are secrets wherever they stand. Each is linear-time: no nested quantifier. */
const SECRET_SHAPES: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[^"]*?(?:-----END [A-Z ]*PRIVATE KEY-----|(?="|$))/g,
  /\bsha256~[A-Za-z0-9_-]{20,}/g, // OpenShift access token
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/g, // JWT
  /\baiops_[A-Za-z0-9_-]{32,}/g, // API token of our own
  /\bBearer\s+[A-Za-z0-9+/=._~-]{20,}/gi,
  // Shorter ones by a sign that no word has, so that "basic authentication" stays.
  /\b(?:Bearer|Basic)\s+(?=[A-Za-z.-]*[0-9+/=_~])[A-Za-z0-9+/=._~-]{12,}/gi,
  /\bsk-[A-Za-z0-9_-]{20,}/g, // model provider key
  /(?<=:\/\/[^\s:/@"]{1,64}:)[^\s@/"]{1,256}(?=@)/g, // password in a URL
];

/** Some part of every shape above; most texts have none of them, and one look is cheaper than eight. */
const MAYBE_SECRET = /-----BEGIN |sha256~|eyJ|aiops_|bearer|basic|sk-|:\/\//i;

/** Keys whose value is a secret, whatever it looks like; read as snake_case, so that `apiToken` counts too. */
const SECRET_KEY =
  /^(?:authorization|cookie|set_cookie|pass(?:word|wd|wort|phrase)|(?:[a-z_]+_)?secret|client_key|private_key|kubeconfig|api_?key|(?:[a-z_]+_)?token)$/;

/** Maps whose keys were chosen by workloads: `secret="db-tls"` is a label of a metric, not a secret. Shapes still count. */
const FOREIGN_KEYS: ReadonlySet<string> = new Set(['metric', 'labels', 'annotations']);

/** Deeper than any answer of ours; what lies below is left out rather than walked. */
const MAX_DEPTH = 64;

/** Whether a field of this name holds a secret. */
export function isSecretKey(name: string): boolean {
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').replaceAll('-', '_');
  return SECRET_KEY.test(words.toLowerCase());
}

export function redactText(text: string): string {
  if (!MAYBE_SECRET.test(text)) return text;
  let out = text;
  for (const shape of SECRET_SHAPES) out = out.replace(shape, REDACTED);
  return out;
}

/**
 * A JSON value without secrets, the same where it has none; the one given is never changed. `keep` names keys that are allowed to carry one, for the single answer that shows
 * a new API token to its owner.
 */
export function redact<T>(value: T, keep: ReadonlySet<string> = new Set()): T {
  return walk(value, keep, true, 0) as T; // proof: walk keeps the shape and only replaces values by strings
}

function walk(value: unknown, keep: ReadonlySet<string>, ownKeys: boolean, depth: number): unknown {
  if (typeof value === 'string') return redactText(value);
  if (value === null || typeof value !== 'object') return value;
  if (depth > MAX_DEPTH) return '[too deep]';
  // What has no secret is handed on as it is: an answer may hold millions of samples.
  if (Array.isArray(value)) return walkList(value as unknown[], keep, ownKeys, depth);
  let copy: Record<string, unknown> | undefined;
  for (const [key, item] of Object.entries(value)) {
    if (keep.has(key)) continue;
    const own = ownKeys && isSecret(key, item);
    const clean = own ? REDACTED : walk(item, keep, ownKeys && !FOREIGN_KEYS.has(key), depth + 1);
    if (clean === item) continue;
    copy ??= { ...value };
    copy[key] = clean;
  }
  return copy ?? value;
}

function walkList(list: unknown[], keep: ReadonlySet<string>, ownKeys: boolean, depth: number): unknown[] {
  let copy: unknown[] | undefined;
  for (const [index, item] of list.entries()) {
    const clean = walk(item, keep, ownKeys, depth + 1);
    if (clean === item) continue;
    copy ??= [...list];
    copy[index] = clean;
  }
  return copy ?? list;
}

function isSecret(key: string, value: unknown): boolean {
  return value !== null && value !== undefined && value !== '' && isSecretKey(key);
}
