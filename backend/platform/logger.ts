import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';
import { redactText } from './redact.ts';

export type Logger = PinoLogger;

export interface LoggerOptions {
  readonly level: string;
  /** Where lines go; stderr by default, because stdout belongs to the protocol in stdio mode. */
  readonly destination?: DestinationStream;
}

/** JSON logs, one record a line, times ISO 8601 UTC. What looks like a secret is replaced in the finished line. */
export function createLogger({ level, destination = pino.destination(2) }: LoggerOptions): Logger {
  const redacting: DestinationStream = { write: (line) => destination.write(redactText(line)) };
  return pino(
    {
      level,
      base: { service: 'aiops-nextgen' },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: pino.stdSerializers.err, error: pino.stdSerializers.err },
      redact: {
        paths: ['req.headers.authorization', 'req.headers.cookie', '*.password', '*.token'],
        censor: '[redacted]',
      },
    },
    redacting,
  );
}
