/**
 * What writes an answer: a language model behind an HTTP endpoint, or the offline analyst. Both see the same request and
 * answer with the same events, so the loop does not know which one it talks to.
 */

/** A tool call as the provider wrote it. `arguments` is the raw text, which may not even be JSON. */
export interface RequestedCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** A tool as it is offered to a model; `parameters` is a JSON Schema. */
export interface OfferedTool {
  readonly name: string;
  readonly description: string;
  readonly parameters: Record<string, unknown>;
}

/** What a tool call came to, as data. A language model reads the wrapped text instead; the offline analyst reads this. */
export interface Reading {
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Id that a citation in the answer names, such as `E1`. */
  readonly evidence: string;
  readonly output?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: string; readonly message: string };
  /** True when lists in `output` were shortened to fit. */
  readonly shortened: boolean;
}

export type ModelMessage =
  | { readonly role: 'user'; readonly content: string }
  | { readonly role: 'assistant'; readonly content: string; readonly calls: readonly RequestedCall[] }
  | { readonly role: 'tool'; readonly callId: string; readonly content: string; readonly reading?: Reading };

export interface ProviderRequest {
  /** The same bytes for every question to one persona, so that an endpoint can cache the prefix. */
  readonly system: string;
  /** Oldest first. Every assistant message with calls is followed by one tool message per call. */
  readonly messages: readonly ModelMessage[];
  /** Empty when the provider has to answer now, from what it has. */
  readonly tools: readonly OfferedTool[];
  /** The question being answered, without what the loop wraps around it. */
  readonly question: string;
  /** Cluster names or one label selector that the question is about when it names none; empty = every cluster in scope. */
  readonly clusterContext: readonly string[];
}

export type StopReason = 'stop' | 'calls' | 'length' | 'refusal';

export type ProviderEvent =
  | { readonly type: 'text'; readonly text: string }
  /** Complete calls, once, after all text. */
  | { readonly type: 'calls'; readonly calls: readonly RequestedCall[] }
  /** Always the last event. `usage` is absent when the provider does not count tokens. */
  | {
      readonly type: 'end';
      readonly reason: StopReason;
      readonly usage?: { readonly input: number; readonly output: number };
    };

export interface Provider {
  /** Name of the model, or `offline-analyst`; stored with every answer. */
  readonly name: string;
  /** True when no language model is behind it. */
  readonly offline: boolean;
  /** Throws {@link ProviderError}; throws the signal's reason when it aborts. A stream that ends without `end` broke off. */
  stream(request: ProviderRequest, signal: AbortSignal): AsyncIterable<ProviderEvent>;
}

/**
 * Why a provider did not answer. `unavailable` (connect error, 5xx, 429, broken stream) and `timeout` may be tried on the
 * next provider; `rejected` (400, 401, 403, 404, …) means that the request or the configuration is wrong, and hiding that
 * behind another provider would keep it wrong.
 */
export class ProviderError extends Error {
  readonly kind: 'unavailable' | 'timeout' | 'rejected';

  constructor(kind: ProviderError['kind'], message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.name = 'ProviderError';
    this.kind = kind;
  }
}
