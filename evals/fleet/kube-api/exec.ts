import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Card } from '../gpu-cards.ts';
import { statusObject } from './answers.ts';
import { dpdkTelemetry } from './exec-dpdk.ts';
import { nvidiaSmi } from './exec-nvidia-smi.ts';

/*
 * Commands in containers over WebSocket, as wire.md §5.2 has it. A container of the double has a handful of programs; of one that
 * it does not have, the runtime says what containerd says.
 */

const CHANNEL = { STDOUT: 1, STDERR: 2, STATUS: 3, CLOSE: 255 } as const;

export type ExecProtocol = 'v5.channel.k8s.io' | 'v4.channel.k8s.io';

export interface ExecOptions {
  /** What this server speaks; it takes the first that the client offers and it knows. */
  readonly protocols: readonly ExecProtocol[];
  readonly misbehave: 'NO_STATUS' | 'NONSENSE' | undefined;
  readonly hostname: string;
  readonly runsDpdk: boolean;
  /** Undefined = the container has no nvidia-smi. */
  readonly smi: NvidiaSmi | undefined;
}

export interface NvidiaSmi {
  readonly cards: readonly Card[];
  /** Whether it runs in the host's process namespace. */
  readonly seesHost: boolean;
}

interface Outcome {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly code: number;
}

export function serveExec(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  query: URLSearchParams,
  options: ExecOptions,
): void {
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: (offered) => options.protocols.find((protocol) => offered.has(protocol)) ?? false,
  });
  server.handleUpgrade(request, socket, head, (webSocket) => {
    webSocket.on('error', () => webSocket.terminate());
    run(webSocket, query, options);
  });
}

function run(webSocket: WebSocket, query: URLSearchParams, options: ExecOptions): void {
  const { misbehave, hostname, runsDpdk, smi } = options;
  const wants = (name: string) => query.get(name) === 'true' || query.get(name) === '1';
  const send = (channel: number, payload: Buffer) => webSocket.send(Buffer.concat([Buffer.from([channel]), payload]));
  // "Connected": an empty frame on the lowest channel of output.
  if (wants('stdout')) send(CHANNEL.STDOUT, Buffer.alloc(0));
  const print = (channel: number, text: string) => {
    const bytes = Buffer.from(text, 'utf8');
    // Frames end wherever the pipe's buffer did, in the middle of a character too.
    for (let start = 0; start < bytes.length; start += 7) send(channel, bytes.subarray(start, start + 7));
  };
  const finish = (status: unknown) => {
    if (webSocket.protocol === 'v5.channel.k8s.io') send(CHANNEL.CLOSE, Buffer.from([CHANNEL.STDOUT]));
    send(CHANNEL.STATUS, Buffer.from(JSON.stringify(status), 'utf8'));
    webSocket.close(1000);
  };
  const [program = '', ...args] = query.getAll('command');

  if (misbehave === 'NONSENSE') {
    webSocket.send(Buffer.alloc(0));
    send(CHANNEL.CLOSE, Buffer.from([CHANNEL.STDOUT]));
    send(9, Buffer.from('what is this'));
    send(CHANNEL.STATUS, Buffer.from('not JSON'));
    return;
  }
  if (program === 'sleep') {
    const timer = setTimeout(() => finish(success()), Number(args[0] ?? '0') * 1000);
    webSocket.once('close', () => clearTimeout(timer));
    return;
  }
  if (program === 'yes') {
    const line = Buffer.alloc(32 * 1024, 'y\n');
    const timer = setInterval(() => send(CHANNEL.STDOUT, line), 1);
    webSocket.once('close', () => clearInterval(timer));
    return;
  }
  const outcome =
    program === 'nvidia-smi'
      ? smi && nvidiaSmi(args, smi.cards, smi.seesHost)
      : (shell(program, args, runsDpdk) ?? outcomeOf(program, args, hostname));
  if (outcome?.stdout !== undefined && wants('stdout')) print(CHANNEL.STDOUT, outcome.stdout);
  if (outcome?.stderr !== undefined && wants('stderr')) print(CHANNEL.STDERR, outcome.stderr);
  if (misbehave === 'NO_STATUS') webSocket.close(1000);
  else if (!outcome) finish(notThere(program));
  else finish(outcome.code === 0 ? success() : exited(outcome.code));
}

/** The only line of shell that its containers know: commands as arguments, piped into dpdk-telemetry.py. */
function shell(program: string, args: readonly string[], runsDpdk: boolean): Outcome | undefined {
  const [flag, script = '', , filePrefix = '', ...commands] = args;
  if (program !== 'sh' || flag !== '-c' || !script.includes('dpdk-telemetry.py')) return undefined;
  if (!runsDpdk) return { stderr: 'sh: dpdk-telemetry.py: not found\n', code: 127 };
  return { stdout: dpdkTelemetry(filePrefix, [...commands, 'quit'], Date.now()), code: 0 };
}

function outcomeOf(program: string, args: readonly string[], hostname: string): Outcome | undefined {
  switch (program) {
    case 'true':
      return { code: 0 };
    case 'false':
      return { code: 1 };
    case 'echo':
      return { stdout: `${args.join(' ')}\n`, code: 0 };
    case 'hostname':
      return { stdout: `${hostname}\n`, code: 0 };
    case 'cat':
      return args[0] === '/etc/hostname'
        ? { stdout: `${hostname}\n`, code: 0 }
        : { stderr: `cat: ${args[0] ?? '-'}: No such file or directory\n`, code: 1 };
    case 'exit-with':
      return { stdout: 'before\n', stderr: 'after\n', code: Number(args[0]) };
    default:
      return undefined;
  }
}

function success() {
  return { metadata: {}, status: 'Success' };
}

function exited(code: number) {
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${code}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}

function notThere(program: string) {
  return statusObject(
    500,
    'InternalError',
    `Internal error occurred: error executing command in container: failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: exec: ${JSON.stringify(program)}: executable file not found in $PATH: unknown`,
  );
}
