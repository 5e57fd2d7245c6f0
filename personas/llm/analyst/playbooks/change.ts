import type { FixedAnswer } from '../playbook.ts';

/** Changes are not made from the chat; the analyst says where they are made. */
export const changePlaybook: FixedAnswer = {
  id: 'change',
  example: () => 'how do I add or remove a cluster?',
  match: ({ words }) =>
    /\b(?:add|register|import|remove|delete|unregister)\b/.test(words) && /\bclusters?\b/.test(words),
  text: [
    'I only read; changes are made on the command line or by an MCP client that can ask for confirmation:',
    '- add: `aiops cluster add --context <kubeconfig context>`',
    '- remove: `aiops cluster remove <name>`',
  ].join('\n'),
};
