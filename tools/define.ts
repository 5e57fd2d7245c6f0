import { z } from 'zod';
import type { Permission } from '../backend/model/access.ts';
import type { CallContext } from './context.ts';

/** Groups of tools that a deployment or a client can narrow to. */
export const TOOLSETS = ['clusters', 'metrics', 'traces', 'logs', 'alerts', 'kubernetes', 'gpu', 'cnf'] as const;
/** `evidence` goes with every toolset, because any answer may refer to it. The rest is for programs, never for models. */
export type Toolset = (typeof TOOLSETS)[number] | 'evidence' | 'chat' | 'access';

/**
 * What a model reads in place of a tool's output: bounded and legible. Programs (REST, command line, the offline analyst) get
 * the output itself. Its numbers are computed from the exact data.
 */
export interface ModelView<Whole> {
  readonly output: z.ZodObject;
  /** `whole` = nothing is left out, so that the output need not be kept as evidence. */
  readonly view: (output: Whole) => {
    readonly output: Record<string, unknown>;
    readonly whole: boolean;
    /** In place of the tool's summary, where that would say twice what the view says. */
    readonly text?: string;
  };
}

/** One REST route of a tool. Parameters of path, query and body are merged into one input object, in that order of precedence. */
export interface RestRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api/v1`, in OpenAPI form: `/clusters/{id}`. */
  readonly path: string;
  /** Status of success when it is not 200. */
  readonly status?: 201 | 202 | 204;
  /** Path and query names that differ from the tool's: `{ id: 'cluster' }`. Applied before validation. */
  readonly rename?: Readonly<Record<string, string>>;
  /** The input that the version in an `If-Match` header becomes. */
  readonly ifMatch?: string;
  /** The output that is the version of what is answered, sent as `ETag`. */
  readonly etag?: string;
  /** The body cap in bytes, when it is not the default of 1 MiB. */
  readonly bodyLimit?: number;
}

export interface ToolDefinition<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodObject = z.ZodObject> {
  /** Verb first, snake_case, at most 64 characters. */
  readonly name: string;
  readonly title: string;
  /** For a model: what it answers, when to use it, when not to. */
  readonly description: string;
  readonly toolset: Toolset;
  readonly permission: Permission;
  /** `model`: MCP, agent, REST and CLI. `api`: REST and CLI only, for example anything that carries a secret. */
  readonly exposure: 'model' | 'api';
  readonly annotations: {
    readonly readOnly: boolean;
    readonly destructive: boolean;
    readonly idempotent: boolean;
    readonly openWorld: boolean;
  };
  readonly input: Input;
  readonly output: Output;
  /** A call that works on the demo fleet; shown in docs and run by the end-to-end test. */
  readonly example: z.input<Input>;
  readonly rest?: readonly RestRoute[];
  /** Longest run in milliseconds, when it is not the dispatcher's default. May depend on the input (`timeout`). */
  readonly deadlineMs?: (input: z.output<Input>) => number;
  /** A write that a person has to confirm: the question, naming exact action and effect. */
  readonly confirm?: (input: z.output<Input>) => string;
  /** Output keys that may carry a secret to its owner (a new API token); everything else is redacted. */
  readonly revealsKeys?: readonly string[];
  /** For an output that is too long or too raw for a model. */
  readonly forModel?: ModelView<z.output<Output>>;
  /** One or two sentences on top of the JSON for a model or a terminal. Numbers in it come from the output. */
  readonly summarize: (output: z.output<Output>) => string;
  readonly run: (context: CallContext, input: z.output<Input>) => Promise<z.input<Output>>;
}

/** How an answer says, in itself, that it is not whole; set by dispatch. The lists that were cut, with what was kept of them. */
const Shortened = z
  .strictObject({
    /** Absent when the whole was too long to keep. */
    evidence_uri: z.string().optional(),
    bytes: z.int(),
    /** Absent when no list was cut. */
    lists: z.array(z.strictObject({ path: z.string(), kept: z.int(), total: z.int() })).optional(),
  })
  .optional();

/** Declares a tool, with the inference of its input and output types. Every answer may come shortened. */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(
  definition: ToolDefinition<Input, Output>,
): ToolDefinition<Input, Output> {
  const { forModel } = definition;
  return {
    ...definition,
    // Proof of the cast: the added key is optional, so every value of the declared output is one of the extended schema.
    output: definition.output.extend({ shortened: Shortened }) as unknown as Output,
    ...(forModel ? { forModel: { ...forModel, output: forModel.output.extend({ shortened: Shortened }) } } : {}),
  };
}

/** A tool whose schemas have been forgotten by the type system; dispatch validates both sides at run time. */
// oxlint-disable-next-line no-explicit-any -- contravariant input makes `any` the only common supertype
export type AnyTool = ToolDefinition<any, any>;
