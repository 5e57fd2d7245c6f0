import type { Cluster } from '../../model/cluster.ts';
import { type Lookup, isKnown } from './lookup.ts';
import type { ClusterVersion, VersionMap } from './objects.ts';

/** What tells the platform and its version. */
export interface PlatformSigns {
  readonly groups: Lookup<ReadonlySet<string>>;
  /** Of Kubernetes itself, such as `v1.31.4`. */
  readonly kubernetes: Lookup<string>;
  /** Undefined inside: there is none. */
  readonly clusterVersion: Lookup<ClusterVersion | undefined>;
  readonly microshift: Lookup<VersionMap | undefined>;
}

/**
 * OpenShift has its configuration API; MicroShift has OpenShift's routes without it, and says its version in a ConfigMap. What
 * cannot be told stays `registered`, what the cluster was registered as; a version that cannot be told is null.
 */
export function platformOf(
  signs: PlatformSigns,
  registered: Cluster['platform'],
): Pick<Cluster, 'platform' | 'platform_version'> {
  const platform = detect(signs) ?? registered;
  return { platform, platform_version: versionOf(platform, signs) };
}

function detect({ groups, microshift }: PlatformSigns): Cluster['platform'] | undefined {
  if (isKnown(microshift) && microshift.known !== undefined) return 'MICROSHIFT';
  if (!isKnown(groups)) return undefined;
  if (groups.known.has('config.openshift.io')) return 'OPENSHIFT';
  return groups.known.has('route.openshift.io') ? 'MICROSHIFT' : 'KUBERNETES';
}

function versionOf(platform: Cluster['platform'], signs: PlatformSigns): string | null {
  switch (platform) {
    case 'OPENSHIFT': {
      const { clusterVersion } = signs;
      const history = (isKnown(clusterVersion) && clusterVersion.known?.status?.history) || [];
      // One that is being installed has not completed any version yet.
      return (history.find(({ state }) => state === 'Completed') ?? history[0])?.version || null;
    }
    case 'MICROSHIFT':
      return (isKnown(signs.microshift) && signs.microshift.known?.data?.version) || null;
    case 'KUBERNETES':
      return isKnown(signs.kubernetes) ? signs.kubernetes.known.slice(0, 100) : null;
  }
}
