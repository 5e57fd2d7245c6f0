import { z } from 'zod';

/** Every kind of fault there is. */
export const FaultKind = z.enum([
  'DELAY',
  'HANG',
  'STATUS',
  'TRUNCATE',
  'RESET',
  'LOGIN_PAGE',
  'REDIRECT',
  'WRONG_SHAPE',
  'HUGE',
  'BOMB',
  'NOT_READY',
  'EXPIRED_PLACE',
  'CUT_WATCH',
  'EXEC_NO_STATUS',
  'EXEC_NONSENSE',
  'EXPIRED_CERTIFICATE',
]);

/**
 * What can be switched on while the double runs. A fault holds for the requests whose method and path fit (`path` is the start
 * of one; left out = every request) and, with `times`, for so many of them only.
 */
const Kinds = z.discriminatedUnion('kind', [
  /** Answers as always, so many milliseconds late. */
  z.object({ kind: z.literal('DELAY'), ms: z.number() }),
  /** Accepts and never answers. */
  z.object({ kind: z.literal('HANG') }),
  /** A Status of that code. */
  z.object({
    kind: z.literal('STATUS'),
    status: z.union([401, 403, 404, 409, 410, 429, 500, 502, 503, 504].map((code) => z.literal(code))),
    retryAfterSeconds: z.int().optional(),
  }),
  /** The first half of the answer, then the connection is gone. */
  z.object({ kind: z.literal('TRUNCATE') }),
  /** The connection is gone before an answer. */
  z.object({ kind: z.literal('RESET') }),
  /** 200 with the login page of a proxy. */
  z.object({ kind: z.literal('LOGIN_PAGE') }),
  /** 302 to a login page. */
  z.object({ kind: z.literal('REDIRECT'), to: z.string().default('https://login.invalid/authorize?state=x') }),
  /** 200, JSON, and not what was asked for. */
  z.object({ kind: z.literal('WRONG_SHAPE') }),
  /** 200 and so many bytes of JSON. */
  z.object({ kind: z.literal('HUGE'), bytes: z.int() }),
  /** The same, compressed to next to nothing. */
  z.object({ kind: z.literal('BOMB'), bytes: z.int() }),
  /** `/readyz` and `/livez` fail by these checks. */
  z.object({ kind: z.literal('NOT_READY'), checks: z.array(z.string()).min(1) }),
  /** Lists with a continue token and watches are told that their place is forgotten. */
  z.object({ kind: z.literal('EXPIRED_PLACE') }),
  /** Watches are cut off in the middle of an event, after so many milliseconds. */
  z.object({ kind: z.literal('CUT_WATCH'), afterMs: z.number() }),
  /** Exec: the connection ends without a status. */
  z.object({ kind: z.literal('EXEC_NO_STATUS') }),
  /** Exec: an empty frame, an unknown channel, a closed standard output, a status that is not JSON. */
  z.object({ kind: z.literal('EXEC_NONSENSE') }),
  /** New connections are shown a certificate that ended yesterday. */
  z.object({ kind: z.literal('EXPIRED_CERTIFICATE') }),
]);
const Where = z.object({
  method: z.string().optional(),
  path: z.string().optional(),
  times: z.int().positive().optional(),
});
export const Fault = Kinds.and(Where);
export type Fault = z.infer<typeof Fault>;
export type FaultInput = z.input<typeof Fault>;
type Of<K extends Fault['kind']> = Extract<Fault, { kind: K }>;

export interface Faults {
  set(faults: readonly Fault[]): void;
  /** The first fault of these kinds that fits; counts as one of its `times`. */
  take<K extends Fault['kind']>(kinds: readonly K[], method: string, path: string): Of<K> | undefined;
  has(kind: Fault['kind']): boolean;
}

export function createFaults(): Faults {
  let active: { readonly fault: Fault; left: number }[] = [];
  return {
    set: (faults) => {
      active = faults.map((fault) => ({ fault, left: fault.times ?? Number.POSITIVE_INFINITY }));
    },
    take: <K extends Fault['kind']>(kinds: readonly K[], method: string, path: string) => {
      const isWanted = (fault: Fault): fault is Of<K> => kinds.some((kind) => kind === fault.kind);
      for (const entry of active) {
        const { fault } = entry;
        if (entry.left <= 0 || !isWanted(fault)) continue;
        if (fault.method !== undefined && fault.method !== method) continue;
        if (fault.path !== undefined && !path.startsWith(fault.path)) continue;
        entry.left -= 1;
        return fault;
      }
      return undefined;
    },
    has: (kind) => active.some(({ fault, left }) => fault.kind === kind && left > 0),
  };
}
