import { AppError } from '../backend/model/errors.ts';
import type { Persona } from '../backend/model/persona.ts';
import { nearNames } from '../backend/model/near-names.ts';
import type { PersonaDirectory } from '../tools/services.ts';
import { defaultPersona } from './definitions/default.ts';
import { gpuExpertPersona } from './definitions/gpu-expert.ts';
import { networkCnfPersona } from './definitions/network-cnf.ts';
import { telco5gPersona } from './definitions/telco-5g.ts';

const BUILT_IN: readonly Persona[] = [defaultPersona, gpuExpertPersona, networkCnfPersona, telco5gPersona];

/** The personas that can be chosen, in the order they are shown. */
export function createPersonaDirectory(personas: readonly Persona[] = BUILT_IN): PersonaDirectory {
  return {
    list: () => [...personas],
    get(id) {
      const found = personas.find((persona) => persona.id === id);
      if (found) return found;
      const ids = personas.map((persona) => persona.id);
      throw new AppError('PERSONA_NOT_FOUND', `There is no persona ${JSON.stringify(id.slice(0, 80))}.`, {
        details: { similar: nearNames(id, ids) },
        hint: `Personas: ${ids.join(', ')}.`,
      });
    },
  };
}
