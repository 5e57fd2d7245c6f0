import { readFile } from 'node:fs/promises';
import { AppError } from '../backend/model/errors.ts';

/** Reads the declared fleet anew each time; undefined when none is configured. Throws VALIDATION_FAILED when it cannot be read. */
export function createClustersFileReader(file: string | undefined): (() => Promise<string>) | undefined {
  if (file === undefined) return undefined;
  return async () => {
    try {
      return await readFile(file, 'utf8');
    } catch (cause) {
      throw new AppError('VALIDATION_FAILED', `The clusters file ${file} cannot be read; nothing was changed.`, {
        hint: 'AIOPS_CLUSTERS_FILE names it.',
        cause,
      });
    }
  };
}
