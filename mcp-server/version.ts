import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json, from the source tree and from `dist/` alike. */
export const PROJECT_ROOT = findRoot(path.dirname(fileURLToPath(import.meta.url)));

export const VERSION = readVersion();

function findRoot(from: string): string {
  const parent = path.dirname(from);
  return path.basename(parent) === 'dist' ? path.dirname(parent) : parent;
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(path.join(PROJECT_ROOT, 'package.json'), 'utf8'));
  if (
    manifest !== null &&
    typeof manifest === 'object' &&
    'version' in manifest &&
    typeof manifest.version === 'string'
  )
    return manifest.version;
  throw new Error('package.json has no version');
}
