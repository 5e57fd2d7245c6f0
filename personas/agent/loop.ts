import type { ModelMessage, OfferedTool, RequestedCall, StopReason } from '../llm/provider.ts';
import type { AnswerText } from './answer-text.ts';
import { joinQuestions } from './prompt.ts';
import type { FallbackNotice, ProviderChain } from './provider-chain.ts';
import type { ToolRunner } from './tool-runner.ts';

export interface LoopOptions {
  readonly chain: ProviderChain;
  readonly runner: ToolRunner;
  readonly text: AnswerText;
  readonly signal: AbortSignal;
  readonly system: string;
  /** History and the question, oldest first. */
  readonly messages: readonly ModelMessage[];
  readonly question: string;
  readonly clusterContext: readonly string[];
  readonly maxSteps: number;
  /** False when the time left is only enough to write the answer. */
  mayCallTools(): boolean;
  onUsage(model: string, usage: { input: number; output: number }): void;
  onFallback(notice: FallbackNotice): void;
  /** The answer will be written, but not all that was wanted could be looked at or said. */
  onIncomplete(): void;
}

interface Reply {
  readonly text: string;
  readonly calls: readonly RequestedCall[];
  readonly reason: StopReason;
}

/** Batches of nothing but repeated calls after which the model has to answer. */
const MAX_IDLE_BATCHES = 2;

/**
 * Asks the model, runs the tools it asks for, and so on until it answers. Throws what the chain throws; the text written
 * until then stays.
 */
export async function runLoop(options: LoopOptions): Promise<void> {
  const { chain, runner, text, signal, maxSteps } = options;
  const messages: ModelMessage[] = [...options.messages];
  let idleBatches = 0;
  let nudged = false;

  for (let step = 1; ; step += 1) {
    const why = lastStepReason(step, idleBatches);
    if (why !== undefined) {
      messages.push({
        role: 'user',
        content: `${why} Answer now, without further tools, from the evidence you have, and say what is missing.`,
      });
      text.note(`${why} The answer rests on what had been looked at by then.`);
      options.onIncomplete();
    }
    const reply = await askModel(messages, why === undefined ? runner.offered : []);
    if (why === undefined && reply.calls.length > 0) {
      const batch = await runner.run(reply.calls, signal);
      messages.push({ role: 'assistant', content: reply.text, calls: reply.calls }, ...batch.messages);
      idleBatches = batch.onlyRepeats ? idleBatches + 1 : 0;
      continue;
    }
    if (reply.text.trim() === '' && reply.reason !== 'refusal' && why === undefined && !nudged) {
      nudged = true;
      messages.push({
        role: 'user',
        content: 'Your reply was empty. Answer the question from the evidence you have, or say what is missing.',
      });
      continue;
    }
    conclude(reply);
    return;
  }

  function lastStepReason(step: number, idle: number): string | undefined {
    if (step >= maxSteps) return `The limit of ${maxSteps} steps for one answer is reached.`;
    if (idle >= MAX_IDLE_BATCHES) return 'The same calls were made again and again.';
    if (!options.mayCallTools()) return 'The time for one answer is nearly over.';
    return undefined;
  }

  function conclude(reply: Reply): void {
    if (reply.reason === 'length') {
      text.note('The model reached its output limit; the answer is cut off.');
      options.onIncomplete();
    }
    if (reply.reason === 'refusal' && reply.text.trim() === '') text.note('The model refused to answer.');
    else if (reply.text.trim() === '') {
      text.note('The model replied with nothing.');
      options.onIncomplete();
    }
  }

  async function askModel(conversation: readonly ModelMessage[], tools: readonly OfferedTool[]): Promise<Reply> {
    const { system, question, clusterContext } = options;
    let written = '';
    let calls: readonly RequestedCall[] = [];
    let reason: StopReason = 'stop';
    for await (const event of chain.reply(
      { system, messages: joinQuestions(conversation), tools, question, clusterContext },
      signal,
    )) {
      if (event.type === 'text') {
        written += event.text;
        text.push(event.text);
      } else if (event.type === 'calls') {
        calls = event.calls;
      } else if (event.type === 'end') {
        reason = event.reason;
        if (event.usage) options.onUsage(chain.current.name, event.usage);
      } else {
        written = '';
        calls = [];
        // Words of our own: the error quotes what an endpoint sent, which has no place in the answer.
        const what = `${event.from.name} ${event.error.kind === 'timeout' ? 'did not answer in time' : 'was not available'}`;
        if (event.afterText) text.reset(`${what}; ${event.to.name} starts the answer anew.`);
        text.note(`${what}; this answer is by ${event.to.name}.`);
        options.onFallback(event);
      }
    }
    text.endReply();
    return { text: written, calls, reason };
  }
}
