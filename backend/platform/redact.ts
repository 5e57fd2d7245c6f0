/** Replaces what looks like a secret. The last line of defence: secrets should not get this far in the first place. */

const REDACTED = '[redacted]';

/** Shapes that are secrets wherever they stand. Each is linear-time: no nested quantifier. */
const SECRET_SHAPES: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\bsha256~[A-Za-z0-9_-]{20,}/g, // OpenShift access token
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/g, // JWT
  /\baiops_[A-Za-z0-9_-]{32,}/g, // API token of our own
  /\b(?:Bearer|Basic)\s+[A-Za-z0-9+/=._~-]{12,}/gi,
  /\bsk-[A-Za-z0-9_-]{20,}/g, // model provider key
  /(?<=:\/\/[^\s:/@]{1,64}:)[^\s@/]{1,256}(?=@)/g, // password in a URL
];

/** Keys whose string value is a secret, whatever it looks like. */
const SECRET_KEY =
  /^(?:authorization|cookie|set-cookie|password|passwd|secret|client_secret|client_key|private_key|kubeconfig|api_?key|(?:[a-z]+_)?token)$/i;

export function redactText(text: string): string {
  let out = text;
  for (const shape of SECRET_SHAPES) out = out.replace(shape, REDACTED);
  return out;
}

/**
 * A copy of a JSON value without secrets. `keep` names keys that are allowed to carry one, for the single answer that shows
 * a new API token to its owner.
 */
export function redact<T>(value: T, keep: ReadonlySet<string> = new Set()): T {
  return walk(value, keep) as T; // proof: walk keeps the shape and only replaces strings by strings
}

function walk(value: unknown, keep: ReadonlySet<string>): unknown {
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value)) return value.map((item) => walk(item, keep));
  if (value === null || typeof value !== 'object') return value;
  const out: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (keep.has(key)) out[key] = item;
    else out[key] = typeof item === 'string' && item !== '' && SECRET_KEY.test(key) ? REDACTED : walk(item, keep);
  }
  return out;
}
