import { describe, expect, it } from 'vitest';
import { sourceFiles } from './source-files.ts';

/** The floors of the house; a folder may import itself and what is listed. The order is the one of architecture.md §1. */
const FLOORS: Readonly<Record<string, readonly string[]>> = {
  backend: [],
  tools: ['backend'],
  personas: ['backend', 'tools'],
  'mcp-server': ['backend', 'tools', 'personas'],
  evals: ['backend', 'tools', 'personas', 'mcp-server'],
};

/** The rooms of the ground floor. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  model: [],
  platform: ['model'],
  spokes: ['model', 'platform'],
  registry: ['model', 'platform', 'spokes'],
  collectors: ['model', 'platform', 'spokes', 'registry'],
  conversations: ['model', 'platform'],
  access: ['model', 'platform'],
};

const files = sourceFiles([...Object.keys(FLOORS), 'chat-ui']);

describe('imports', () => {
  it('never run upward between floors', () => {
    const upward = files.flatMap(({ file, imports }) => {
      const [floor = ''] = file.split('/');
      const allowed = FLOORS[floor];
      if (!allowed) return [];
      return imports
        .filter((target) => !allowed.includes(target.split('/')[0] ?? '') && target.split('/')[0] !== floor)
        .map((target) => `${file} → ${target}`);
    });
    expect(upward).toEqual([]);
  });

  it('keep to the table between the rooms of backend', () => {
    const wrong = files.flatMap(({ file, imports }) => {
      const [floor, room = ''] = file.split('/');
      // A test at the root of backend may span its rooms.
      if (floor !== 'backend' || room.endsWith('.test.ts')) return [];
      const allowed = ROOMS[room];
      if (!allowed) return [`${file}: the room ${room} is not in the table`];
      return imports
        .filter((target) => target.split('/')[1] !== room && !allowed.includes(target.split('/')[1] ?? ''))
        .map((target) => `${file} → ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it('let the UI know the model by its types only', () => {
    const wrong = files
      .filter(({ file }) => file.startsWith('chat-ui/'))
      .flatMap(({ file, text }) =>
        [...text.matchAll(/^import (?!type )[^;]*from '([^']*backend[^']*)'/gm)].map(
          (match) => `${file} → ${match[1]}`,
        ),
      );
    expect(wrong).toEqual([]);
  });
});
