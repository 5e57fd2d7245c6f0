import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DPDK_METRIC, dpdkMappingOf, dpdkQuery, portsOfRows } from './dpdk-metrics.ts';
import { countersOf, exactJson, portOf, portsOf, repliesOf, versionOf } from './dpdk-telemetry.ts';
import { dpdkFindings } from './findings/dpdk.ts';

const UINT64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

describe('what dpdk-telemetry.py prints', () => {
  it('keeps every unsigned 64-bit counter to the last digit', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z_]{1,20}$/), UINT64), (counters) => {
        const body = Object.entries(counters).map(([name, count]) => `${JSON.stringify(name)}: ${count}`);
        const [reply] = repliesOf(`{"/ethdev/stats": {${body.join(', ')}}}`);
        expect(countersOf(reply?.value)).toEqual(
          Object.fromEntries(Object.entries(counters).map(([name, count]) => [name, String(count)])),
        );
      }),
    );
  });

  it('finds the answers between words, on one line or many, with any text in their strings', () => {
    fc.assert(
      fc.property(fc.string(), fc.boolean(), (text, pretty) => {
        const written = JSON.stringify({ '/info': { version: text } }, null, pretty ? 2 : 0);
        const replies = repliesOf(`Connecting to /var/run/dpdk/rte/dpdk_telemetry.v2\n${written}\n--> {"cut": `);
        expect(replies).toEqual([{ command: '/info', value: { version: text } }]);
      }),
    );
  });

  it('never throws, whatever is printed', () => {
    fc.assert(fc.property(fc.string(), (text) => void repliesOf(text)));
    expect(repliesOf('{{{{"')).toEqual([]);
    expect(exactJson('nonsense')).toBeUndefined();
  });

  it('leaves out what is no counter: lists of queues, negative and fractional numbers, more than 64 bits', () => {
    expect(countersOf(exactJson('{"a":1,"q_ipackets":[1,2],"b":-1,"c":1.5,"d":18446744073709551616}'))).toEqual({
      a: '1',
    });
  });

  it('reads ports, version, link and driver counters, those that count something first', () => {
    const replies = repliesOf(
      [
        '{"/info": {"version": "DPDK 23.11.0", "pid": 7, "max_output_len": 16384}}',
        '{"/ethdev/list": [0, 1]}',
        '{"/ethdev/stats": {"ipackets": 18446744073709551615, "imissed": 3, "q_ipackets": [0]}}',
        '{"/ethdev/xstats": {"rx_good_packets": 0, "rx_discards": 4}}',
        '{"/ethdev/link_status": {"status": "UP", "speed": 25000, "duplex": "full-duplex"}}',
      ].join('\n'),
    );
    expect([portsOf(replies), versionOf(replies)]).toEqual([['0', '1'], 'DPDK 23.11.0']);
    const port = portOf('0', replies);
    expect(port).toEqual({
      port: '0',
      link: { up: true, speed_mbps: 25_000, duplex: 'full-duplex' },
      stats: { ipackets: '18446744073709551615', imissed: '3' },
      xstats: { rx_discards: '4', rx_good_packets: '0' },
      xstats_total: 2,
    });
    expect(Object.keys(port.xstats)).toEqual(['rx_discards', 'rx_good_packets']);
  });

  it('takes null, which stands for a command that failed, for not told', () => {
    const replies = repliesOf('{"/ethdev/list": null}\n{"/ethdev/link_status": null}');
    expect([portsOf(replies), versionOf(replies)]).toEqual([undefined, null]);
    expect(portOf('0', replies)).toMatchObject({ link: null, stats: {} });
  });
});

describe('the metrics of a site', () => {
  const mapping = dpdkMappingOf([
    'ipackets=site_rx_total',
    'link_up=site_link',
    'label.pod=pod_name',
    'label.port=port_id',
  ]);

  it('are asked by the names that the configuration gives', () => {
    expect(dpdkQuery(mapping, 'du-1', 'du-0')).toBe(
      '{__name__=~"site_rx_total|site_link",namespace="du-1",pod_name="du-0"}',
    );
    for (const wrong of ['rx=site_rx', 'ipackets=9x', 'label.node=x', 'ipackets'])
      expect(DPDK_METRIC.test(wrong)).toBe(false);
  });

  it('become ports, with counters as whole numbers', () => {
    const labels = { pod_name: 'du-0', port_id: '1' };
    expect(
      portsOfRows(mapping, [
        { metric: 'site_rx_total', labels, value: 1.8446744073709552e19 },
        { metric: 'site_link', labels, value: 0 },
      ]),
    ).toEqual([
      {
        port: '1',
        link: { up: false, speed_mbps: null, duplex: null },
        stats: { ipackets: '18446744073709551616' },
        xstats: {},
        xstats_total: 0,
      },
    ]);
  });
});

describe('DPDK_RX_DROPS', () => {
  const port = (stats: Record<string, string>) => ({ port: '0', link: null, stats, xstats: {}, xstats_total: 0 });
  const codes = (stats: Record<string, string>) =>
    dpdkFindings('edge-1', 'du-1', 'du-0', [port(stats)]).map(({ severity, code }) => `${severity} ${code}`);

  it('is found where a thousandth of the packets was lost, and is critical at a hundredth', () => {
    expect(codes({ ipackets: '1000000', imissed: '2000' })).toEqual(['WARNING DPDK_RX_DROPS']);
    expect(codes({ ipackets: '18446744073709551615', rx_nombuf: '300000000000000000' })).toEqual([
      'CRITICAL DPDK_RX_DROPS',
    ]);
  });

  it('is not found below that, nor in a port that does not tell', () => {
    expect(codes({ ipackets: '1000000000', imissed: '2000' })).toEqual([]);
    expect(codes({ ipackets: '10', imissed: '9' })).toEqual([]);
    expect(codes({})).toEqual([]);
  });
});
