import type { ShownState } from './registration.ts';

/** What the demo says when it is ready. Times are shown in UTC, as everywhere in the product. */
export function greeting(facts: {
  readonly url: string;
  readonly states: readonly ShownState[];
  readonly launcher: string;
  readonly dataDir: string;
  readonly kubeconfig: string;
  readonly incidentStart: Date;
  readonly now: Date;
  readonly prometheusPid: number | undefined;
}): string {
  const { url, launcher, dataDir } = facts;
  const seconds = Math.round((facts.incidentStart.getTime() - facts.now.getTime()) / 1000);
  const begin = `${facts.incidentStart.toISOString().slice(11, 19)} UTC`;
  const when = seconds > 0 ? `starts in ${seconds} s, at ${begin}` : `has been going on since ${begin}`;
  const snippet = JSON.stringify(
    { mcpServers: { aiops: { command: launcher, args: ['stdio'], env: { AIOPS_DATA_DIR: dataDir } } } },
    null,
    2,
  );
  const width = Math.max(0, ...facts.states.map(({ name }) => name.length));
  const lines = facts.states.map(({ name, state, healthScore, lastError }) =>
    `  ${name.padEnd(width)}  ${state.padEnd(8)}  ${healthScore ?? '–'}${lastError === null ? '' : `  ${lastError}`}`.trimEnd(),
  );
  return `
The fleet, as the server sees it:
${lines.join('\n')}

Open
  ${url}/       the fleet and the chat
  ${url}/docs   the REST API

Ask, in the chat or in your MCP client
  Which clusters are unhealthy?
  What is firing?
  Why is checkout restarting?
  Error logs of checkout in the last hour
  Failed traces of storefront
  Top memory consumers in the last hour?

An incident ${when}: in prod-eu-1 the deployment checkout leaks memory until it is
killed, and storefront, which calls it, gets slow and fails. Alerts fire about a minute after it begins.
${facts.prometheusPid === undefined ? '' : `To see a partial answer, kill the Prometheus of stage-1 (kill -9 ${facts.prometheusPid}) and ask again.\n`}
Claude Desktop: add this to claude_desktop_config.json
${snippet}
Other MCP clients: Streamable HTTP at ${url}/mcp

Kubernetes: a kubeconfig with a context for every cluster is ${facts.kubeconfig}
Ctrl-C stops everything.`;
}

export function closingWords(): string {
  return 'Everything is stopped. The logs are kept until the next demo, in .cache/.';
}
