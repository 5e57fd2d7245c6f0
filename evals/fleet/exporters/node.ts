import type { Inventory, Node } from '../inventory.ts';
import { constant, family, sample } from '../metric-model.ts';
import type { Sample, Target } from '../metric-model.ts';
import { between } from '../random.ts';
import { createRhythm } from '../rhythm.ts';

const ROOT = { device: '/dev/nvme0n1p4', fstype: 'xfs', mountpoint: '/' };

/** node_exporter of one node, by the names of node_exporter 1.5. */
export function nodeExporter(seed: string, inventory: Inventory, node: Node): Target {
  const { spec } = inventory;
  const key = [seed, spec.name, node.name];
  const rhythm = (name: string, daily = 0.4) =>
    createRhythm([...key, name].join('/'), { daily, peakHourUtc: spec.peakHourUtc, wobble: 0.3 });

  const busy = between(0.16, 0.3, ...key, 'busy');
  const cpuSeconds: Sample[] = [];
  for (let cpu = 0; cpu < node.cpus; cpu++) {
    const load = rhythm(`cpu${cpu}`);
    const busySeconds = (time: number) => busy * load.integral(node.bootTime, time);
    const mode = (name: string, seconds: (time: number) => number) =>
      sample({ cpu: String(cpu), mode: name }, (time) => Math.floor(seconds(time) * 100) / 100);
    cpuSeconds.push(
      mode('idle', (time) => time - node.bootTime - busySeconds(time)),
      mode('system', (time) => 0.28 * busySeconds(time)),
      mode('user', (time) => 0.72 * busySeconds(time)),
    );
  }

  const pods = inventory.pods.filter((pod) => pod.node === node);
  const systemMemory = rhythm('memory', 0.05);
  const usedMemory = (time: number) =>
    0.14 * node.memoryBytes * (0.9 + 0.1 * systemMemory.at(time)) +
    pods.reduce((sum, pod) => sum + (pod.workingSetBytes(time) ?? 0), 0);
  const cached = (time: number) => Math.floor(0.22 * node.memoryBytes * (0.85 + 0.1 * systemMemory.at(time - 1800)));

  const load = rhythm('load');
  const loadOver = (seconds: number) => (time: number) =>
    Math.round(((node.cpus * busy * 1.1 * load.integral(time - seconds, time)) / seconds) * 100) / 100;

  const disk = rhythm('disk', 0.02);
  const bytes = (name: string, perSecond: number) => {
    const traffic = rhythm(name);
    return (time: number) => Math.floor(perSecond * traffic.integral(node.bootTime, time));
  };
  const oomKills = (time: number) => pods.reduce((sum, pod) => sum + (pod.incident?.kills(time) ?? 0), 0);

  return {
    job: 'node-exporter',
    instance: `${node.address}:9100`,
    path: `/node-exporter/${node.name}/metrics`,
    labels: { node: node.name },
    honorLabels: false,
    isUp: () => true,
    families: [
      family('counter', 'node_cpu_seconds_total', 'Seconds the CPUs spent in each mode.', cpuSeconds),
      family('gauge', 'node_memory_MemTotal_bytes', 'Memory information field MemTotal_bytes.', [
        constant({}, node.memoryBytes),
      ]),
      family('gauge', 'node_memory_MemAvailable_bytes', 'Memory information field MemAvailable_bytes.', [
        sample({}, (time) => Math.floor(node.memoryBytes - usedMemory(time))),
      ]),
      family('gauge', 'node_memory_MemFree_bytes', 'Memory information field MemFree_bytes.', [
        sample({}, (time) => Math.max(0, Math.floor(node.memoryBytes - usedMemory(time)) - cached(time))),
      ]),
      family('gauge', 'node_memory_Cached_bytes', 'Memory information field Cached_bytes.', [sample({}, cached)]),
      family('gauge', 'node_filesystem_size_bytes', 'Filesystem size in bytes.', [constant(ROOT, node.diskBytes)]),
      family('gauge', 'node_filesystem_avail_bytes', 'Filesystem space available to non-root users in bytes.', [
        sample(ROOT, (time) => Math.floor(node.diskBytes * (1 - between(0.3, 0.55, ...key, 'disk') * disk.at(time)))),
      ]),
      family('gauge', 'node_load1', '1m load average.', [sample({}, loadOver(60))]),
      family('gauge', 'node_load5', '5m load average.', [sample({}, loadOver(300))]),
      family('gauge', 'node_load15', '15m load average.', [sample({}, loadOver(900))]),
      family('counter', 'node_network_receive_bytes_total', 'Network device statistic receive_bytes.', [
        sample({ device: 'eth0' }, bytes('receive', between(2e6, 9e6, ...key, 'rx'))),
      ]),
      family('counter', 'node_network_transmit_bytes_total', 'Network device statistic transmit_bytes.', [
        sample({ device: 'eth0' }, bytes('transmit', between(2e6, 7e6, ...key, 'tx'))),
      ]),
      family('counter', 'node_disk_read_bytes_total', 'The total number of bytes read successfully.', [
        sample({ device: 'nvme0n1' }, bytes('read', between(1e5, 9e5, ...key, 'read'))),
      ]),
      family('counter', 'node_disk_written_bytes_total', 'The total number of bytes written successfully.', [
        sample({ device: 'nvme0n1' }, bytes('written', between(6e5, 4e6, ...key, 'written'))),
      ]),
      family('gauge', 'node_boot_time_seconds', 'Node boot time, in unixtime.', [constant({}, node.bootTime)]),
      family('untyped', 'node_vmstat_oom_kill', '/proc/vmstat information field oom_kill.', [sample({}, oomKills)]),
      family('gauge', 'node_uname_info', 'Labeled system information as provided by the uname system call.', [
        constant(
          { nodename: node.name, sysname: 'Linux', machine: 'x86_64', release: '6.1.0-31-amd64', domainname: '(none)' },
          1,
        ),
      ]),
    ],
  };
}
