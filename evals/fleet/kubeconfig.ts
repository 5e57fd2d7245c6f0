export interface KubeconfigEntry {
  readonly name: string;
  readonly apiServerUrl: string;
  readonly token: string;
}

/** A kubeconfig with one context a cluster; authority and tokens stand in it, no file is named. JSON is YAML. */
export function kubeconfig(entries: readonly KubeconfigEntry[], caPem: string): string {
  const authority = Buffer.from(caPem, 'utf8').toString('base64');
  const user = (name: string) => `${name}-admin`;
  return `${JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': entries[0]?.name ?? '',
      clusters: entries.map(({ name, apiServerUrl }) => ({
        name,
        cluster: { server: apiServerUrl, 'certificate-authority-data': authority },
      })),
      users: entries.map(({ name, token }) => ({ name: user(name), user: { token } })),
      contexts: entries.map(({ name }) => ({
        name,
        context: { cluster: name, user: user(name), namespace: 'default' },
      })),
    },
    null,
    2,
  )}\n`;
}
