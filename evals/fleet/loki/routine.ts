import type { Level } from './lines.ts';

export interface Saying {
  readonly level: Level;
  /** `<_>` is filled from the values in turn. */
  readonly pattern: string;
  readonly everySeconds: number;
  /** `draw` gives a whole number in [low, high); `now` is ISO 8601. */
  values(draw: (what: string, low: number, high: number) => number, now: string): (string | number)[];
}

/** What the programs of the simulated clusters say when nothing is the matter, and the small troubles that are always there. */
export const ROUTINE: Readonly<Record<string, readonly Saying[]>> = {
  coredns: [
    {
      level: 'info',
      pattern: '[INFO] <_>:<_> - <_> "A IN <_>.svc.cluster.local. udp <_> false 1232" NOERROR qr,aa,rd <_> <_>s',
      everySeconds: 12,
      values: (draw) => [
        `10.128.${draw('a', 0, 8)}.${draw('b', 2, 250)}`,
        draw('p', 30_000, 60_000),
        draw('i', 1, 65_000),
        ['shop', 'catalog.shop', 'checkout.shop'][draw('n', 0, 3)] ?? 'shop',
        draw('s', 40, 90),
        draw('z', 100, 180),
        `0.000${draw('d', 100, 999)}`,
      ],
    },
    {
      level: 'error',
      pattern: '[ERROR] plugin/errors: 2 <_>.upstream.test. A: read udp <_>:<_>-><_>:53: i/o timeout',
      everySeconds: 420,
      values: (draw) => [
        `host-${draw('h', 1, 9)}`,
        `10.128.0.${draw('a', 2, 250)}`,
        draw('p', 30_000, 60_000),
        '10.0.0.2',
      ],
    },
  ],
  prometheus: [
    {
      level: 'info',
      pattern: 'ts=<_> caller=head.go:<_> level=info component=tsdb msg="Head GC completed" duration=<_>ms',
      everySeconds: 60,
      values: (draw, now) => [now, draw('l', 600, 999), draw('d', 12, 90)],
    },
    {
      level: 'warn',
      pattern: 'ts=<_> caller=scrape.go:<_> level=warn msg="Error on ingesting out-of-order samples" num_dropped=<_>',
      everySeconds: 600,
      values: (draw, now) => [now, draw('l', 1000, 1999), draw('n', 1, 5)],
    },
  ],
  'ingress-controller': [
    {
      level: 'info',
      pattern: '<_> - - [<_>] "GET /healthz HTTP/1.1" 200 <_> "-" "kube-probe/1.31" <_>',
      everySeconds: 10,
      values: (draw, now) => [`10.128.0.${draw('a', 2, 250)}`, now, draw('n', 80, 90), `0.00${draw('t', 1, 9)}`],
    },
  ],
  storefront: [
    {
      level: 'debug',
      pattern: 'level=debug msg="session cache swept" removed=<_> kept=<_>',
      everySeconds: 30,
      values: (draw) => [draw('r', 0, 40), draw('k', 800, 4000)],
    },
  ],
  checkout: [
    {
      level: 'info',
      pattern: '{"level":"info","msg":"exchange rates refreshed","currencies":<_>,"took_ms":<_>}',
      everySeconds: 45,
      values: (draw) => [draw('c', 28, 34), draw('t', 20, 180)],
    },
  ],
  catalog: [
    {
      level: 'info',
      pattern: '<_> INFO [index] <_> items reindexed in <_> ms',
      everySeconds: 40,
      values: (draw, now) => [now, draw('n', 10, 400), draw('t', 30, 900)],
    },
    {
      level: 'warn',
      pattern: '<_> WARN [pool-<_>] connection idle for <_> s was closed by the server',
      everySeconds: 300,
      values: (draw, now) => [now, draw('p', 0, 8), draw('s', 300, 900)],
    },
  ],
  'llm-inference': [
    {
      level: 'info',
      pattern: 'INFO engine.py:<_> Avg prompt throughput: <_> tokens/s, running: <_> reqs, GPU KV cache usage: <_>%',
      everySeconds: 10,
      values: (draw) => [draw('l', 300, 320), draw('t', 200, 4000), draw('r', 0, 24), draw('u', 2, 90)],
    },
  ],
};
