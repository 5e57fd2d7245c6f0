import { AppError } from '../../model/errors.ts';

/** What a driver's error tells: `code` is an SQLSTATE or a Node system error code. */
interface DriverError {
  readonly code: string | undefined;
  readonly message: string;
}

/**
 * SQLSTATEs that mean "the database does not serve right now" (https://www.postgresql.org/docs/15/errcodes-appendix.html):
 * class 08 connection, 53 resources (disk full, too many connections), 57P0x shutdown and start-up, 58 system error,
 * 57014 a statement past its time, 55P03 a lock not got in time, 25006 a standby that takes no writes, 25P03 idle in transaction.
 */
const UNAVAILABLE_STATE = /^(?:08...|53...|57P0[1-5]|57014|58...|55P03|25006|25P03|28...|3D000)$/;
const UNAVAILABLE_SYSTEM =
  /^(?:ECONNREFUSED|ECONNRESET|ECONNABORTED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|EPIPE|ENOSPC|EIO|EACCES|ENOENT)$/;
/** What node-postgres and PGlite say without a code. */
const UNAVAILABLE_TEXT =
  /^(?:Connection terminated|Client has encountered a connection error|Client was closed|timeout exceeded when trying to connect|Query read timeout|PGlite is clos|Cannot use a pool after|The server does not support SSL|SASL)/;
/** Text with a character that PostgreSQL cannot hold: NUL, or half of a surrogate pair inside `jsonb`. */
const UNSTORABLE_TEXT = /^(?:22021|22P05)$/;

/**
 * Anything that a statement threw, as an AppError: ours stays; a database that does not serve is STORE_UNAVAILABLE; text that
 * cannot be stored is VALIDATION_FAILED; the rest is a defect of ours. The driver's error becomes the cause, never drizzle's,
 * which carries every parameter of the statement in its message.
 */
export function storeError(thrown: unknown): AppError {
  const own = inChain(thrown, (e) => (e instanceof AppError ? e : undefined));
  if (own) return own;
  const driver = driverErrorOf(thrown);
  if (driver && isUnavailable(driver)) return unavailable(thrown);
  if (driver?.code !== undefined && UNSTORABLE_TEXT.test(driver.code)) {
    return new AppError('VALIDATION_FAILED', 'The text holds a character that cannot be stored, such as NUL.', {
      cause: rootOf(thrown),
    });
  }
  return new AppError('INTERNAL_ERROR', 'The database refused a statement.', {
    hint: 'The trace id finds the cause in the server log.',
    cause: rootOf(thrown),
  });
}

/** STORE_UNAVAILABLE, for what cannot be anything else: a connection that did not come about. */
export function unavailable(thrown: unknown): AppError {
  const driver = driverErrorOf(thrown);
  return new AppError('STORE_UNAVAILABLE', `The database does not answer: ${driver?.message ?? 'no connection'}.`, {
    hint: 'Nothing was changed; try again when it is back.',
    details: driver?.code === undefined ? {} : { reason: driver.code },
    cause: rootOf(thrown),
  });
}

function isUnavailable({ code, message }: DriverError): boolean {
  if (code !== undefined && (UNAVAILABLE_STATE.test(code) || UNAVAILABLE_SYSTEM.test(code))) return true;
  return UNAVAILABLE_TEXT.test(message);
}

function driverErrorOf(thrown: unknown): DriverError | undefined {
  const root = rootOf(thrown);
  if (!(root instanceof Error)) return undefined;
  const code = 'code' in root && typeof root.code === 'string' ? root.code : undefined;
  // A connection tried on several addresses fails with an AggregateError that has no text of its own.
  const message =
    root.message !== '' || !(root instanceof AggregateError) ? root.message : root.errors.map(String).join('; ');
  return { code, message };
}

/** drizzle and node-postgres wrap; the innermost error is what the server or the socket said. */
function rootOf(thrown: unknown): unknown {
  let current = thrown;
  for (let depth = 0; depth < 8 && current instanceof Error && current.cause !== undefined; depth += 1)
    current = current.cause;
  return current;
}

function inChain<T>(thrown: unknown, pick: (e: unknown) => T | undefined): T | undefined {
  let current = thrown;
  for (let depth = 0; depth < 8 && current !== undefined; depth += 1) {
    const found = pick(current);
    if (found !== undefined) return found;
    current = current instanceof Error ? current.cause : undefined;
  }
  return undefined;
}
