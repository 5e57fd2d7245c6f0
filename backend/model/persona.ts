import { z } from 'zod';

/** A playbook: words that recognise a question, and the tool calls that the offline analyst answers it with. */
export const Persona = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{2,30}[a-z0-9]$/),
  name: z.string(),
  description: z.string(),
  system_prompt: z.string(),
  /** Names of the tools that the persona may call; enforced at call time. */
  capabilities: z.array(z.string()),
  icon: z.string(),
  is_builtin: z.boolean(),
});
export type Persona = z.infer<typeof Persona>;
