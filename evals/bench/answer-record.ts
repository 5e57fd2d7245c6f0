import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

/** One recorded answer; small enough to be committed. The raw bodies are only measured. */
export const RecordedAnswer = z.strictObject({
  id: z.string(),
  question: z.string(),
  tool: z.string(),
  input: z.record(z.string(), z.unknown()),
  recorded_at: z.iso.datetime(),
  /** Where the raw text came from, and how long it was. */
  raw: z.strictObject({ kind: z.string(), characters: z.int() }),
  /** What a model reads: the summary and the structured answer. */
  answer: z.strictObject({ text: z.string(), output: z.record(z.string(), z.unknown()) }),
  /** Texts that were read from the raw bodies and make the question answerable. */
  expected: z.array(z.string()).min(1),
});
export type RecordedAnswer = z.infer<typeof RecordedAnswer>;

export const ANSWERS_FOLDER = path.join(import.meta.dirname, 'answers');

export async function readRecorded(id: string): Promise<RecordedAnswer> {
  return RecordedAnswer.parse(JSON.parse(await readFile(path.join(ANSWERS_FOLDER, `${id}.json`), 'utf8')));
}

export function modelText({ answer }: RecordedAnswer): string {
  return `${answer.text}\n${JSON.stringify(answer.output)}`;
}

/** Characters ÷ 4, as the contract counts tokens. */
export function tokensOf(characters: number): number {
  return Math.ceil(characters / 4);
}
