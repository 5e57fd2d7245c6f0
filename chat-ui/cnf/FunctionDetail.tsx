import type { SriovNode, SriovPolicy, SriovVf } from '../../backend/model/cnf.ts';
import { unitText } from '../components/chart/units.ts';
import { Fact, Facts, Panel } from '../components/Facts.tsx';
import { words } from '../components/Status.tsx';
import { cnfUrl, type CnfView, partUrl } from './cnf-view.ts';

/** Functions drawn at most; a card can have 256. */
const MOST = 256;

/** The cards of one node and each virtual function, with who uses it and what it carries. */
export function FunctionDetail({ node, view }: { node: SriovNode; view: CnfView }) {
  return (
    <Panel id="vf-node" title={node.node} aside={<a href={cnfUrl({ ...view, node: '' })}>Close</a>}>
      <Facts>
        <Fact name="Cluster">
          <span class="foreign">{node.cluster}</span>
        </Fact>
        <Fact name="Last error">
          <span class="foreign">{node.last_sync_error ?? 'None'}</span>
        </Fact>
        <Fact name="Drain">{node.drain_state === null ? '—' : words(node.drain_state)}</Fact>
        <Fact name="Cards">
          {node.interfaces.length === 0
            ? '—'
            : node.interfaces.map((one) => (
                <span key={one.name} class="chip foreign">
                  {one.name} {one.link_speed || 'speed not told'}, {one.num_vfs} of {one.total_vfs} functions,{' '}
                  {one.driver}
                </span>
              ))}
        </Fact>
      </Facts>
      {node.vfs.length === 0 ? (
        <p class="muted">No single function is told of.</p>
      ) : (
        <div class="twin-scroll" tabIndex={0} role="region" aria-label={`Virtual functions of ${node.node}`}>
          <table class="table">
            <caption>
              {node.vfs.length > MOST && `The first ${MOST} of ${node.vfs.length}. `}Rates of the last 5 minutes.
            </caption>
            <thead>
              <tr>
                {['Function', 'Address', 'Used by', 'VLAN', 'In', 'Out', 'Dropped in'].map((title) => (
                  <th key={title} scope="col">
                    {title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {node.vfs.slice(0, MOST).map((vf) => (
                <tr key={vf.pci_address}>
                  <th scope="row">
                    {vf.pf} {vf.vf}
                  </th>
                  <td>{vf.pci_address}</td>
                  <td>
                    <User vf={vf} node={node} view={view} />
                  </td>
                  <td>{vf.vlan ?? '—'}</td>
                  <td>{rate(vf.per_second?.rx_bytes, 'bytes/s')}</td>
                  <td>{rate(vf.per_second?.tx_bytes, 'bytes/s')}</td>
                  <td>{rate(vf.per_second?.rx_dropped, 'per second')}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

function User({ vf: { pod }, node, view }: { vf: SriovVf; node: SriovNode; view: CnfView }) {
  if (pod === null) return <span class="muted">—</span>;
  const { namespace, name } = pod;
  return (
    <a class="foreign" href={partUrl(view, 'ports', { cluster: node.cluster, namespace, pod: name })}>
      {namespace}/{name}
    </a>
  );
}

function rate(value: number | null | undefined, unit: 'bytes/s' | 'per second'): string {
  return value === null || value === undefined ? '—' : unitText(value, unit);
}

/** What operators asked for; the smaller priority wins. */
export function PolicyTable({ policies }: { policies: readonly SriovPolicy[] }) {
  if (policies.length === 0) return null;
  return (
    <details class="twin">
      <summary>{policies.length} policies</summary>
      <div class="twin-scroll" tabIndex={0} role="region" aria-label="SR-IOV policies">
        <table class="table">
          <thead>
            <tr>
              {['Policy', 'Cluster', 'Resource', 'Priority', 'Functions', 'Kind', 'Ports', 'Nodes'].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {policies.map((policy) => (
              <tr key={`${policy.cluster} ${policy.name}`}>
                <th scope="row" class="foreign">
                  {policy.name}
                </th>
                <td class="foreign">{policy.cluster}</td>
                <td class="foreign">{policy.resource_name}</td>
                <td>{policy.priority}</td>
                <td>{policy.num_vfs}</td>
                <td>{policy.device_type}</td>
                <td class="foreign">{policy.pf_names.join(', ') || 'any'}</td>
                <td class="foreign">
                  {Object.entries(policy.node_selector)
                    .map(([key, value]) => (value === '' ? key : `${key}=${value}`))
                    .join(', ') || 'all'}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
