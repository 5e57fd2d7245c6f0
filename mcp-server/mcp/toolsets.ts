import { AppError } from '../../backend/model/errors.ts';

/**
 * The toolsets named in `/mcp?toolsets=metrics,alerts` or in the deployment's configuration. Left out or empty means all of
 * `available`. Throws VALIDATION_FAILED naming every unknown one: a misspelt name must not quietly hide tools.
 */
export function parseToolsets(text: string | undefined, available: readonly string[]): readonly string[] {
  const wanted = (text ?? '').split(',').flatMap((part) => part.trim() || []);
  if (wanted.length === 0) return available;
  const unknown = wanted.filter((name) => !available.includes(name));
  if (unknown.length > 0) {
    const names = unknown.map((name) => JSON.stringify(name.slice(0, 40))).join(', ');
    const message = `toolsets: there is no ${names}; choose from ${available.join(', ')}.`;
    throw new AppError('VALIDATION_FAILED', message, {
      details: { issues: [{ field: 'toolsets', message }], available },
    });
  }
  return available.filter((name) => wanted.includes(name));
}
