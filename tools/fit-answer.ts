import { AppError } from '../backend/model/errors.ts';
import type { EvidenceStore } from '../backend/platform/evidence.ts';
import { redactText } from '../backend/platform/redact.ts';
import { type Omission, boundSize } from './bound-size.ts';
import type { Door } from './context.ts';
import type { AnyTool } from './define.ts';

/** What one door hands on of an output. */
export interface FittedAnswer {
  /** Valid against the tool's output schema, or over MCP against that of its view for models; bounded in size. */
  readonly output: Record<string, unknown>;
  /** What a model or a terminal reads first: the tool's summary, and what was left out of `output` if anything was. */
  readonly text: string;
  /** Where the whole output stands when `output` or what a model reads is less than it. */
  readonly evidence?: { readonly uri: string; readonly bytes: number };
  /** Whether lists of `output` were cut. */
  readonly shortened: boolean;
  /** At the door of the agent: what a language model reads in place of `output`, when the tool has a view for models. */
  readonly model?: { readonly output: Record<string, unknown>; readonly text: string };
}

/** Characters kept free for saying what was cut. */
const SHORTENED_ROOM = 4_000;
/** Cut lists that an answer names; more are only counted in its text. */
const MAX_LISTED_CUTS = 20;
/** Largest output in characters. A model reads at most 25k tokens of four characters; a program reads what a spoke may send. */
const OUTPUT_LIMIT: Readonly<Record<Door, number>> = { mcp: 100_000, agent: 60_000, rest: 32_000_000, cli: 32_000_000 };

/**
 * Makes an output fit its door: a model gets the tool's view for models where it has one, every door lists that are not too
 * long. What is less than the whole says so, and where the whole is. `whole` is valid and redacted.
 */
export async function fitAnswer(
  tool: AnyTool,
  whole: Record<string, unknown>,
  caller: { readonly door: Door; readonly owner: string },
  evidence: Pick<EvidenceStore, 'put'>,
): Promise<FittedAnswer> {
  const { door, owner } = caller;
  const summary = redactText(tool.summarize(whole));
  const limit = OUTPUT_LIMIT[door];
  const view = door === 'mcp' || door === 'agent' ? tool.forModel?.view(whole) : undefined;
  const shownData = fit(view?.output ?? whole, limit);
  const ownData = view && door === 'agent' ? fit(whole, limit) : shownData;
  const isViewWhole = view?.whole ?? true;
  const viewText = view?.text === undefined ? summary : redactText(view.text);
  if (isViewWhole && shownData.omitted.length === 0 && ownData.omitted.length === 0)
    return {
      output: ownData.value,
      text: door === 'mcp' ? viewText : summary,
      shortened: false,
      ...(view && door === 'agent' ? { model: { output: shownData.value, text: viewText } } : {}),
    };
  const kept = await keep(tool, whole, owner, evidence, view !== undefined);
  const shown = describe(shownData, isViewWhole, viewText, kept);
  const own = ownData === shownData ? shown : describe(ownData, true, summary, kept);
  return {
    ...own,
    ...(kept.uri === undefined ? {} : { evidence: { uri: kept.uri, bytes: kept.bytes } }),
    shortened: ownData.omitted.length > 0,
    ...(view && door === 'agent' ? { model: shown } : {}),
  };
}

interface Fitted {
  readonly value: Record<string, unknown>;
  readonly omitted: readonly Omission[];
}

function fit(value: Record<string, unknown>, limit: number): Fitted {
  const fitting = boundSize(value, limit);
  return fitting.omitted.length === 0 ? fitting : boundSize(value, limit - SHORTENED_ROOM);
}

interface Kept {
  readonly uri?: string;
  readonly bytes: number;
}

/** A view for models says enough by itself, so it is handed out even where the whole is too long to keep. */
async function keep(
  tool: AnyTool,
  content: Record<string, unknown>,
  owner: string,
  evidence: Pick<EvidenceStore, 'put'>,
  isViewed: boolean,
): Promise<Kept> {
  try {
    return await evidence.put({ owner, tool: tool.name, content });
  } catch (thrown) {
    if (!isViewed || !(thrown instanceof AppError) || thrown.code !== 'QUERY_REFUSED') throw thrown;
    return { bytes: Buffer.byteLength(JSON.stringify(content)) };
  }
}

/** The value with its own note of what is missing, and the text that says it in words. */
function describe(
  { value, omitted }: Fitted,
  isWhole: boolean,
  summary: string,
  kept: Kept,
): { output: Record<string, unknown>; text: string } {
  if (isWhole && omitted.length === 0) return { output: value, text: summary };
  const where =
    kept.uri === undefined
      ? `The whole (${kept.bytes} bytes) is too long to keep; narrow the question.`
      : `The whole (${kept.bytes} bytes): ${kept.uri}, for read_evidence.`;
  const cuts =
    omitted.length === 0 ? '' : ` The answer was too large to show whole. Shortened: ${describeCuts(omitted)}.`;
  const shortened = {
    ...(kept.uri === undefined ? {} : { evidence_uri: kept.uri }),
    bytes: kept.bytes,
    ...(omitted.length > 0 ? { lists: omitted.slice(0, MAX_LISTED_CUTS) } : {}),
  };
  return { output: { ...value, shortened }, text: `${summary}${cuts}\n${where}` };
}

function describeCuts(omitted: readonly Omission[]): string {
  const shown = omitted.slice(0, 5).map((o) => `${o.path} (${o.kept} of ${o.total})`);
  return omitted.length > 5 ? `${shown.join(', ')} and ${omitted.length - 5} more lists` : shown.join(', ');
}
