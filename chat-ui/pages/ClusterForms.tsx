import { useRoute } from 'preact-iso';
import type { ComponentChildren } from 'preact';
import type { Cluster } from '../../backend/model/cluster.ts';
import { AddCluster } from '../clusters/AddCluster.tsx';
import { ClusterGone, clusterState } from '../clusters/ClusterGone.tsx';
import { clusterUrl } from '../clusters/cluster-url.ts';
import { EditCluster } from '../clusters/EditCluster.tsx';
import { SetCredentials } from '../clusters/SetCredentials.tsx';
import { useCluster } from '../clusters/use-cluster.ts';
import { Banner } from '../components/Banner.tsx';
import { valueOf } from '../loadable.ts';
import { useDenial } from '../permission.ts';

/** `/clusters/_add` */
export function AddClusterPage() {
  return (
    <FormPage title="Add a cluster" state="ready">
      <AddCluster />
    </FormPage>
  );
}

/** `/clusters/:name/edit` */
export function EditClusterPage() {
  return <OfCluster title={(name) => `Edit ${name}`} form={(cluster) => <EditCluster opened={cluster} />} />;
}

/** `/clusters/:name/credentials` */
export function ClusterCredentialsPage() {
  return (
    <OfCluster title={(name) => `Credentials of ${name}`} form={(cluster) => <SetCredentials cluster={cluster} />} />
  );
}

function OfCluster(props: { title: (name: string) => string; form: (cluster: Cluster) => ComponentChildren }) {
  const { name = '' } = useRoute().params;
  return <Loaded key={name} name={name} {...props} />;
}

function Loaded(props: {
  name: string;
  title: (name: string) => string;
  form: (cluster: Cluster) => ComponentChildren;
}) {
  const { name, title, form } = props;
  const store = useCluster(name);
  const loadable = store.cluster.value;
  const removed = store.removed.value;
  const cluster = removed ? undefined : valueOf(loadable);
  return (
    <FormPage title={title(name)} state={clusterState(loadable, removed)} name={name}>
      {cluster ? (
        form(cluster)
      ) : (
        <ClusterGone name={name} loadable={loadable} removed={removed} onRetry={() => void store.refresh()} />
      )}
    </FormPage>
  );
}

function FormPage(props: { title: string; state: string; name?: string; children: ComponentChildren }) {
  const { title, state, name, children } = props;
  const denied = useDenial('cluster:write');
  return (
    <div class="page form-page" data-state={state}>
      <nav aria-label="Where this is" class="crumbs">
        <a href="/clusters">Clusters</a>
        {name !== undefined && (
          <>
            {' / '}
            <a href={clusterUrl(name)}>{name}</a>
          </>
        )}
      </nav>
      <header class="page-head">
        <h1 tabIndex={-1} class="foreign">
          {title}
        </h1>
      </header>
      {denied !== undefined && (
        <Banner>
          <p>{denied} Nothing can be saved here.</p>
        </Banner>
      )}
      {children}
    </div>
  );
}
