/**
 * Wraps what a tool answered so that a model can tell data from instructions. The nonce is new for every call, so text
 * inside cannot close the wrapper; look-alikes are defused as well, for models that do not compare nonces.
 */
export function wrapToolOutput(output: { tool: string; evidence: string; nonce: string; text: string }): string {
  const { tool, evidence, nonce, text } = output;
  const inert = text.replaceAll(nonce, '').replace(/<(?=\/?\s*tool_output)/gi, '‹');
  const name = tool.replace(/[^\w-]/g, '');
  return `<tool_output evidence="${evidence}" tool="${name}" nonce="${nonce}">\n${inert}\n</tool_output nonce="${nonce}">`;
}
