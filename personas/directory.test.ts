import { describe, expect, it } from 'vitest';
import { Persona } from '../backend/model/persona.ts';
import { catalog } from '../tools/catalog.ts';
import { createPersonaDirectory } from './directory.ts';

describe('the persona directory', () => {
  it('holds valid personas whose tools all exist, are for models and only read', () => {
    const byName = new Map(catalog.map((tool) => [tool.name, tool]));
    for (const persona of createPersonaDirectory().list()) {
      expect(Persona.safeParse(persona).success).toBe(true);
      for (const name of persona.capabilities)
        expect(byName.get(name)).toMatchObject({ exposure: 'model', annotations: { readOnly: true } });
    }
  });

  it('tells which personas there are when one is unknown', () => {
    expect(() => createPersonaDirectory().get('defalt')).toThrow(
      expect.objectContaining({ code: 'PERSONA_NOT_FOUND', details: { similar: ['default'] } }) as Error,
    );
    expect(createPersonaDirectory().get('default').id).toBe('default');
  });
});
