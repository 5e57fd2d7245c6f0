import { describe, expect, it } from 'vitest';
import { catalog } from '../../tools/catalog.ts';
import { ANSWER_CASES } from './answer-cases.ts';
import { modelText, readRecorded } from './answer-record.ts';
import { measureAnswerTokens } from './answer-tokens.ts';

describe('the recorded answers', () => {
  it.each(ANSWER_CASES.map((one) => [one.id, one] as const))(
    'of %s hold what was asked, in the shape that the tool gives models now',
    async (id, { tool: name }) => {
      const recorded = await readRecorded(id);
      const text = modelText(recorded);
      for (const part of recorded.expected) expect(text).toContain(part);
      const tool = catalog.find((one) => one.name === name);
      // A view that has changed wants new recordings: node scripts/bootstrap.mjs run evals/bench/record-answers.ts
      expect((tool?.forModel?.output ?? tool?.output)?.safeParse(recorded.answer.output).error).toBeUndefined();
    },
  );

  it('take at most a tenth of the raw tokens, each and all together', async () => {
    const rows = await measureAnswerTokens();
    expect(rows).toHaveLength(13);
    expect(rows.filter(({ met }) => !met).map(({ measure }) => measure)).toEqual([]);
  });
});
