import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '../../mcp-server/version.ts';

export interface SourceFile {
  /** Relative to the project root, with forward slashes. */
  readonly file: string;
  readonly text: string;
  /** Project-relative targets of its relative imports, static and dynamic. */
  readonly imports: readonly string[];
}

/** Every TypeScript file of our own under `folders`, tests included. */
export function sourceFiles(folders: readonly string[]): SourceFile[] {
  return globSync(
    folders.map((folder) => `${folder}/**/*.{ts,tsx}`),
    { cwd: PROJECT_ROOT },
  )
    .sort()
    .map((file) => {
      const text = readFileSync(path.join(PROJECT_ROOT, file), 'utf8');
      const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1] ?? '');
      return {
        file,
        text,
        imports: specifiers.map((specifier) => path.posix.join(path.posix.dirname(file), specifier)),
      };
    });
}

export function isTest(file: string): boolean {
  return /\.test\.tsx?$/.test(file) || file.includes('/test-') || /(?:scripted|fixture)-/.test(file);
}
