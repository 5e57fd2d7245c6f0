/**
 * dpdk-telemetry.py of an application with two ports, as it answers without a terminal (wire.md §7.3): one line of JSON for each command,
 * `null` for what it does not know, no word about the connection. Counters grow with time (milliseconds of Unix time) and are past 2^53.
 */
export function dpdkTelemetry(filePrefix: string, commands: readonly string[], now: number): string {
  if (filePrefix !== 'rte') return `Error connecting to /var/run/dpdk/${filePrefix}/dpdk_telemetry.v2\n`;
  const lines: string[] = [];
  for (const command of commands) {
    if (command === 'quit') break;
    const [name = '', parameter = ''] = command.split(',');
    lines.push(`{${JSON.stringify(name)}: ${answerTo(name, parameter, BigInt(Math.floor(now)))}}`);
  }
  return `${lines.join('\n')}\n`;
}

const PORTS = ['0', '1'];

/** JSON is written by hand: JavaScript has no numbers of 64 bits. */
function answerTo(name: string, parameter: string, now: bigint): string {
  if (name === '/info') return '{"version": "DPDK 23.11.0", "pid": 7, "max_output_len": 16384}';
  if (name === '/ethdev/list') return `[${PORTS.join(', ')}]`;
  if (!PORTS.includes(parameter)) return 'null';
  const packets = now * 240n;
  const bytes = now * 201_600n;
  switch (name) {
    case '/ethdev/stats':
      return `{"ipackets": ${packets}, "opackets": ${packets - 1n}, "ibytes": ${bytes}, "obytes": ${bytes - 840n}, "imissed": 12, "ierrors": 0, "oerrors": 0, "rx_nombuf": 0, "q_ipackets": [${packets}, 0]}`;
    case '/ethdev/xstats':
      return `{"rx_good_packets": ${packets}, "tx_good_packets": ${packets - 1n}, "rx_missed_errors": 12, "rx_mbuf_allocation_errors": 0}`;
    case '/ethdev/link_status':
      return '{"status": "UP", "speed": 25000, "duplex": "full-duplex"}';
    default:
      return 'null';
  }
}
