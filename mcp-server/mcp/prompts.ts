import type { GetPromptResult, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { PersonaDirectory } from '../../tools/services.ts';

const Arguments = z.object({
  question: z.string().max(4_000).optional().describe('What you want to know, such as: which clusters are unhealthy?'),
});

/** One prompt per persona: its system prompt, and the question when one is given. */
export function registerPrompts(server: McpServer, personas: Pick<PersonaDirectory, 'list'>): void {
  for (const persona of personas.list()) {
    server.registerPrompt(
      persona.id,
      { title: persona.name, description: persona.description, argsSchema: Arguments },
      ({ question }): GetPromptResult => ({
        description: persona.description,
        messages: [persona.system_prompt, question?.trim() ?? '']
          .filter((text) => text !== '')
          .map((text) => ({ role: 'user', content: { type: 'text', text } })),
      }),
    );
  }
}
