import { describe, expect, it } from 'vitest';
import { isTest, sourceFiles } from './source-files.ts';

const product = sourceFiles(['backend', 'tools', 'personas', 'mcp-server', 'chat-ui']).filter(
  ({ file }) => !isTest(file),
);

function offenders(pattern: RegExp, except: (file: string) => boolean = () => false): string[] {
  return product.flatMap(({ file, text }) => (!except(file) && pattern.test(text) ? [file] : []));
}

describe('product sources', () => {
  it('read the environment in config.ts only', () => {
    expect(offenders(/process\.env\b/, (file) => file === 'mcp-server/config.ts')).toEqual([]);
  });

  it('write to standard output only where a command prints its result, never below the doors', () => {
    const mayPrint = new Set(['mcp-server/cli/program.ts', 'mcp-server/cli/stdio.ts']);
    expect(offenders(/process\.stdout|\bconsole\./, (file) => mayPrint.has(file))).toEqual([]);
  });

  it('use no enum, which type stripping cannot run', () => {
    expect(offenders(/^\s*(?:export )?(?:const )?enum \w/m)).toEqual([]);
  });

  it('hold one idea a file: at most 400 lines', () => {
    expect(product.filter(({ text }) => text.split('\n').length > 400).map(({ file }) => file)).toEqual([]);
  });

  it('leave no unfinished marks', () => {
    expect(offenders(/\b(?:TODO|FIXME|XXX)\b|not implemented/i)).toEqual([]);
  });
});
