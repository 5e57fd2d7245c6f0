import { type Provider, ProviderError, type ProviderEvent, type ProviderRequest } from '../llm/provider.ts';
import { untilAborted } from './until-aborted.ts';

export interface FallbackNotice {
  readonly type: 'fallback';
  readonly from: Provider;
  readonly to: Provider;
  readonly error: ProviderError;
  /** True when the failed provider had already written text in this step; that text is void. */
  readonly afterText: boolean;
}

/** The providers of one answer, in order of preference. One that failed is not asked again within the same answer. */
export interface ProviderChain {
  readonly current: Provider;
  /**
   * One reply. When a provider is unavailable or silent the next one gets the same request, so no tool runs twice. Throws
   * {@link ProviderError} when the request was rejected or the last provider failed, and the signal's reason on abort.
   */
  reply(request: ProviderRequest, signal: AbortSignal): AsyncIterable<ProviderEvent | FallbackNotice>;
}

export function createProviderChain(providers: readonly [Provider, ...Provider[]]): ProviderChain {
  const [first, ...rest] = providers;
  let current: Provider = first;
  const waiting = [...rest];

  async function* reply(request: ProviderRequest, signal: AbortSignal): AsyncGenerator<ProviderEvent | FallbackNotice> {
    for (;;) {
      let afterText = false;
      try {
        let ended = false;
        for await (const event of untilAborted(current.stream(request, signal), signal)) {
          afterText ||= event.type === 'text';
          ended ||= event.type === 'end';
          yield event;
        }
        if (ended) return;
        throw new ProviderError('unavailable', `${current.name} broke off in the middle of its reply.`);
      } catch (thrown) {
        const next = waiting[0];
        if (signal.aborted || !(thrown instanceof ProviderError) || thrown.kind === 'rejected' || !next) throw thrown;
        waiting.shift();
        const from = current;
        current = next;
        yield { type: 'fallback', from, to: next, error: thrown, afterText };
      }
    }
  }

  return {
    get current() {
      return current;
    },
    reply,
  };
}
