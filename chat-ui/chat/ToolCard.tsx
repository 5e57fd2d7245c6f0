import { Icon } from '../components/Icon.tsx';
import { StatusBadge, type Tone, words } from '../components/Status.tsx';
import { argumentText, clusterFacts, durationText, resultText } from './tool-facts.ts';
import type { ToolRun } from './turn.ts';

/** DOM id of the card that a citation leads to. */
export function evidenceAnchor(answerKey: string, evidence: string): string {
  return `evidence-${answerKey}-${evidence}`;
}

/** One call of a tool: name, clusters, arguments, state, duration, and its result, bounded, behind a click. */
export function ToolCard({ run, answerKey, live }: { run: ToolRun; answerKey: string; live: boolean }) {
  const { call, result } = run;
  const clusters = clusterFacts(run);
  const args = argumentText(call.arguments);
  const state = stateOf(run, live);
  return (
    <details
      class="tool-card"
      id={result && evidenceAnchor(answerKey, result.evidence)}
      data-tool={call.name}
      data-tool-state={state.word}
    >
      <summary>
        <Icon name="chevron" />
        {result && <span class="evidence-id">{result.evidence}</span>}
        <code class="tool-name">{call.name}</code>
        {args !== '' && <span class="tool-args foreign">{args}</span>}
        <span class="tool-facts">
          {clusters && (
            <span class={clusters.complete ? 'muted' : 'tone-warning'}>{clusters.answered ?? clusters.asked}</span>
          )}
          {result && <span class="muted">{durationText(result.duration_ms)}</span>}
          <StatusBadge tone={state.tone}>{state.word}</StatusBadge>
        </span>
      </summary>
      <div class="tool-detail">
        {clusters && (
          <p>
            <span class="muted">Clusters</span> {clusters.asked}
          </p>
        )}
        <Block label="Arguments" value={call.arguments} />
        {result?.error && (
          <p class="tool-error foreign">
            <code>{result.error.code}</code> {result.error.message}
          </p>
        )}
        {result && result.result !== null && <Block label="Result" value={result.result} />}
      </div>
    </details>
  );
}

function Block({ label, value }: { label: string; value: unknown }) {
  const { text, omitted } = resultText(value);
  return (
    <div>
      <p class="muted">{label}</p>
      <pre tabIndex={0} aria-label={label}>
        {text}
      </pre>
      {omitted > 0 && <p class="muted">Cut here: {omitted.toLocaleString()} more characters are not shown.</p>}
    </div>
  );
}

function stateOf({ result }: ToolRun, live: boolean): { word: string; tone: Tone } {
  if (!result) return live ? { word: 'Running', tone: 'info' } : { word: 'No result', tone: 'unknown' };
  if (result.status === 'SUCCESS') return { word: 'Done', tone: 'healthy' };
  return { word: words(result.status), tone: result.status === 'TIMEOUT' ? 'warning' : 'critical' };
}
