import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../backend/model/errors.ts';
import type { ClustersFile } from '../backend/registry/import/imports.ts';

/** The declared fleet, read anew each time; undefined when none is configured. */
export function createClustersFile(file: string | undefined): ClustersFile | undefined {
  if (file === undefined) return undefined;
  return {
    read: () => readText(file, `The clusters file ${file} cannot be read; nothing was changed.`),
    readNamed: (named) => {
      const place = path.resolve(path.dirname(file), named);
      return readText(place, `The credentials file ${place} cannot be read.`);
    },
  };
}

async function readText(file: string, failure: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new AppError('VALIDATION_FAILED', failure, { hint: 'AIOPS_CLUSTERS_FILE names the clusters file.', cause });
  }
}
