import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ListedCluster } from '../../backend/model/cluster.ts';
import { asAppError } from '../../backend/model/errors.ts';
import type { Logger } from '../../backend/platform/logger.ts';
import { readDataFolderOwner } from '../../backend/platform/store/data-folder-lock.ts';
import type { EffectiveConfig } from '../config.ts';
import { PROJECT_ROOT, VERSION } from '../version.ts';
import { contextsAtHand, shellWord } from './kubeconfig-file.ts';
import { createSession } from './session.ts';

export interface Finding {
  readonly ok: boolean;
  readonly check: string;
  readonly detail: string;
}

/** Looks at everything the server needs, in the order in which it fails. */
export async function diagnose(config: EffectiveConfig, logger: Logger, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const findings: Finding[] = [];
  const found = (ok: boolean, check: string, detail: string) => findings.push({ ok, check, detail });
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  found(major > 24 || (major === 24 && minor >= 15), 'node', `${process.versions.node} (24.15 or newer is needed)`);
  found(true, 'version', VERSION);
  const ui = path.join(PROJECT_ROOT, 'dist', 'chat-ui', 'app', 'index.html');
  found(existsSync(ui), 'user interface', existsSync(ui) ? 'built' : 'not built; run npm run build');
  const owner = await readDataFolderOwner(config.data_dir);
  found(
    true,
    'server',
    owner?.url === undefined ? 'none is running on this data folder' : `running at ${owner.url} (pid ${owner.pid})`,
  );
  const session = createSession(config, logger);
  try {
    const { output } = await session.call('list_clusters', { page_size: 100 });
    found(
      true,
      'database',
      config.database_url === undefined ? `embedded in ${path.resolve(config.data_dir)}` : 'PostgreSQL',
    );
    const clusters = output['items'] as ListedCluster[]; // proof: output schema of list_clusters
    if (clusters.length === 0) {
      const name = (await contextsAtHand(env))?.usable[0];
      const context = name === undefined ? '<context>' : shellWord(name);
      found(true, 'clusters', `none yet; add one: aiops cluster add --context ${context}`);
    }
    for (const c of clusters)
      found(
        c.status.state === 'ONLINE' || c.status.state === 'UNKNOWN',
        `cluster ${c.name}`,
        `${c.status.state}${c.status.last_error === null ? '' : `: ${c.status.last_error}`}`,
      );
  } catch (error) {
    found(false, 'database', asAppError(error).sentence);
  } finally {
    await session.close();
  }
  return findings;
}
