import type { GPU, GpuPod, MigInstance } from '../../backend/model/gpu.ts';
import { Fact, Facts, Panel } from '../components/Facts.tsx';
import { StatusBadge, toneOfSeverity, words } from '../components/Status.tsx';
import { type Card, modelOf, readingText } from './gpu-cards.ts';
import { gib } from './GpuNumbers.tsx';
import { CardState } from './GpuTable.tsx';

/** Everything that is told of one card. What is not told is a dash, and never a zero. */
export function GpuCard({ card }: { card: Card }) {
  const { gpu, name } = card;
  const id = `gpu-${name.replace(/\W+/g, '-')}`;
  return (
    <Panel id={id} title={name} aside={<CardState card={card} />}>
      {gpu === undefined ? (
        <p class="muted">The node offers it to pods; nothing measures it.</p>
      ) : (
        <>
          <Facts>
            <Fact name="Model">
              <span class="foreign">{modelOf(card) || '—'}</span>
            </Fact>
            <Fact name="UUID">
              <code class="foreign">{gpu.uuid ?? '—'}</code>
            </Fact>
            <Fact name="Utilisation">
              {readingText(gpu, 'utilisation')}
              {gpu.utilization_gpu_percent === null && gpu.mig_instances.length > 0 && ', its busiest instance'}
            </Fact>
            <Fact name="Memory">{memoryText(gpu)}</Fact>
            <Fact name="Temperature">{temperatureText(gpu)}</Fact>
            <Fact name="Power">{powerText(gpu)}</Fact>
            <Fact name="Clocks">
              {told(gpu.sm_clock_mhz, 'MHz')} SM, {told(gpu.memory_clock_mhz, 'MHz')} memory
            </Fact>
            <Fact name="Held down by">{throttleText(gpu)}</Fact>
            <Fact name="Held by">
              <Pods pods={card.pods} />
            </Fact>
            <Fact name="XID">
              <Xids xids={gpu.xids} />
            </Fact>
            <Fact name="Memory errors">
              {told(gpu.ecc.uncorrected_volatile)} uncorrected, {told(gpu.ecc.corrected_volatile)} corrected since the
              driver was loaded; {told(gpu.ecc.uncorrected_1h)} uncorrected in the last hour
            </Fact>
            <Fact name="Rows remapped">
              {told(gpu.remapped_rows.uncorrectable)} for uncorrectable errors
              {gpu.remapped_rows.pending === true && ', more wait for a reset'}
              {gpu.remapped_rows.failed === true && ', and remapping failed'}
            </Fact>
            <Fact name="Links, last hour">
              {told(gpu.nvlink_errors_1h.crc)} CRC, {told(gpu.nvlink_errors_1h.replay)} replays on NVLink;{' '}
              {told(gpu.pcie_replays_1h)} replays on PCIe
            </Fact>
          </Facts>
          {gpu.mig_instances.length > 0 && <MigTable name={name} instances={gpu.mig_instances} />}
          <Processes gpu={gpu} name={name} />
        </>
      )}
    </Panel>
  );
}

function told(value: number | null, unit = ''): string {
  return value === null ? '—' : `${value}${unit === '' ? '' : ` ${unit}`}`;
}

function memoryText({ memory_used_mb: used, memory_total_mb: total }: GPU): string {
  return used === null && total === null
    ? '—'
    : `${used === null ? '—' : gib(used)} of ${total === null ? '—' : gib(total)} GiB`;
}

function temperatureText(gpu: GPU): string {
  const memory = gpu.memory_temperature_celsius;
  return `${readingText(gpu, 'temperature')}${memory === null ? '' : `, memory ${memory} °C`}`;
}

function powerText({ power_draw_watts: draw, power_limit_watts: limit }: GPU): string {
  if (draw === null) return '—';
  return `${Math.round(draw)} W${limit === null ? ', limit not told' : ` of ${Math.round(limit)} W`}`;
}

function throttleText({ throttling }: GPU): string {
  if (throttling === null) return '— not measured';
  if (throttling.length === 0) return 'Nothing';
  return throttling
    .map(({ reason, percent }) => `${words(reason)}${percent === null ? '' : ` ${Math.round(percent)} % of 5 min`}`)
    .join(', ');
}

function Pods({ pods }: { pods: readonly GpuPod[] | null }) {
  if (pods === null) return <span class="muted">— not known</span>;
  if (pods.length === 0) return <span class="muted">Nobody</span>;
  return (
    <ul class="plain-list">
      {pods.map(({ namespace, pod, container }) => (
        <li key={`${namespace} ${pod} ${container ?? ''}`} class="foreign">
          {namespace}/{pod}
          {container !== null && <span class="muted"> {container}</span>}
        </li>
      ))}
    </ul>
  );
}

function Xids({ xids }: Pick<GPU, 'xids'>) {
  if (xids === null) return <span class="muted">— not measured</span>;
  if (xids.length === 0) return <>None seen</>;
  return (
    <ul>
      {xids.map(({ xid, severity, meaning }) => (
        <li key={xid}>
          <StatusBadge tone={toneOfSeverity(severity)}>{`XID ${xid}`}</StatusBadge> {meaning ?? 'Not in the catalogue'}
        </li>
      ))}
    </ul>
  );
}

function MigTable({ name, instances }: { name: string; instances: readonly MigInstance[] }) {
  return (
    <div class="twin-scroll" tabIndex={0} role="region" aria-label={`MIG instances of ${name}`}>
      <table class="table">
        <thead>
          <tr>
            {['MIG instance', 'Busy', 'Memory', 'Held by'].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {instances.map((instance) => (
            <tr key={instance.id}>
              <th scope="row">
                {instance.profile ?? 'profile not told'} <span class="muted">{instance.id}</span>
              </th>
              <td>
                {instance.utilization_gpu_percent === null ? '—' : `${Math.round(instance.utilization_gpu_percent)} %`}
              </td>
              <td>
                {instance.memory_used_mb === null ? '—' : gib(instance.memory_used_mb)} of{' '}
                {instance.memory_total_mb === null ? '—' : gib(instance.memory_total_mb)} GiB
              </td>
              <td>
                <Pods pods={instance.pods} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Processes({ gpu, name }: { gpu: GPU; name: string }) {
  if (gpu.processes === null) return <p class="muted">Processes cannot be seen from this source.</p>;
  if (gpu.processes.length === 0) return <p class="muted">No process uses it.</p>;
  return (
    <div class="twin-scroll" tabIndex={0} role="region" aria-label={`Processes on ${name}`}>
      <table class="table">
        <thead>
          <tr>
            {['Process', 'PID', 'Memory', 'Kind'].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {gpu.processes.map((process) => (
            <tr key={process.pid}>
              <th scope="row" class="foreign">
                {process.process_name ?? 'name not told'}
              </th>
              <td>{process.pid}</td>
              <td>{process.used_memory_mb === null ? '—' : `${gib(process.used_memory_mb)} GiB`}</td>
              <td>{words(process.type)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
