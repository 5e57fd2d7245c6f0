import { ANSWER_CASES } from './answer-cases.ts';
import { modelText, readRecorded, tokensOf } from './answer-record.ts';
import type { Row } from './report.ts';

const SHARE = 0.1;
const BAR = '≤ 10 % of raw';

/** What a model reads of twelve recorded answers of the demo fleet, against the raw JSON. Record them anew: record-answers.ts. */
export async function measureAnswerTokens(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { id } of ANSWER_CASES) {
    const recorded = await readRecorded(id);
    const ours = tokensOf(modelText(recorded).length);
    const baseline = tokensOf(recorded.raw.characters);
    rows.push({
      measure: `answer of ${recorded.tool}, ${id}`,
      ours,
      baseline,
      unit: 'tokens',
      bar: BAR,
      met: ours <= SHARE * baseline,
    });
  }
  const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0);
  const [ours, baseline] = [sum((row) => row.ours), sum((row) => row.baseline)];
  return [
    ...rows,
    { measure: 'all twelve answers', ours, baseline, unit: 'tokens', bar: BAR, met: ours <= SHARE * baseline },
  ];
}
