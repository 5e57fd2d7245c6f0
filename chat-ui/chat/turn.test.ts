import { describe, expect, it } from 'vitest';
import type { ChatMessage, ChatStreamEvent } from '../../backend/model/chat.ts';
import { uuid } from '../test-support.ts';
import { type Answer, applyStreamEvent, completeSentences, newAnswer, parseStreamEvent, turnsOf } from './turn.ts';

const CALL = { id: 'c1', name: 'list_alerts', arguments: { state: 'FIRING' } };
const RESULT = { tool_call_id: 'c1', status: 'SUCCESS' as const, result: { total: 1 }, duration_ms: 5, evidence: 'E1' };
const MESSAGE: ChatMessage = {
  id: uuid(1),
  session_id: uuid(2),
  role: 'ASSISTANT',
  content: 'One fires [E1].',
  persona_id: 'default',
  tool_calls: [CALL],
  tool_results: [RESULT],
  model: 'offline-analyst',
  complete: true,
  tokens_used: null,
  latency_ms: 120,
  created_at: '2026-03-01T10:00:00.000Z',
};

function follow(events: ChatStreamEvent[]): Answer {
  return events.reduce(applyStreamEvent, newAnswer('k'));
}

describe('answer', () => {
  it('grows with its stream and ends as what was stored', () => {
    const events: ChatStreamEvent[] = [
      { id: 1, type: 'message_start', message_id: uuid(1), model: 'offline-analyst', offline: true },
      { id: 2, type: 'tool_use', tool_call: CALL },
      { id: 3, type: 'tool_result', tool_result: RESULT },
      { id: 4, type: 'content_delta', text: 'One ' },
      { id: 5, type: 'content_delta', text: 'fires' },
    ];
    expect(follow(events)).toMatchObject({
      status: 'STREAMING',
      text: 'One fires',
      offline: true,
      tools: [{ call: CALL, result: RESULT }],
    });
    expect(follow([...events, { id: 6, type: 'message_complete', message: MESSAGE }])).toMatchObject({
      key: 'k',
      status: 'COMPLETE',
      text: 'One fires [E1].',
      offline: true,
      latencyMs: 120,
    });
  });

  it('applies a repeated event once', () => {
    const delta: ChatStreamEvent = { id: 1, type: 'content_delta', text: 'x' };
    expect(follow([delta, delta]).text).toBe('x');
  });

  it('begins anew when the model was replaced, and says why', () => {
    const answer = follow([
      { id: 1, type: 'content_delta', text: 'half' },
      { id: 2, type: 'content_reset', reason: 'The model stalled.' },
      { id: 3, type: 'content_delta', text: 'whole' },
    ]);
    expect([answer.text, answer.note]).toEqual(['whole', 'The model stalled.']);
  });

  it('keeps its text when it fails, with code and trace id', () => {
    const answer = follow([
      { id: 1, type: 'content_delta', text: 'half' },
      { id: 2, type: 'error', code: 'MODEL_NOT_AVAILABLE', message: 'No model.', trace_id: 't1' },
    ]);
    expect(answer).toMatchObject({
      status: 'FAILED',
      text: 'half',
      error: { code: 'MODEL_NOT_AVAILABLE', traceId: 't1' },
    });
  });

  it('shows a stored conversation without the bookkeeping of the agent', () => {
    const stored = [
      { ...MESSAGE, role: 'USER' as const, content: 'q' },
      { ...MESSAGE, role: 'TOOL' as const },
      { ...MESSAGE, complete: false },
    ];
    expect(turnsOf(stored).map((t) => [t.role, t.role === 'ASSISTANT' ? t.status : t.text])).toEqual([
      ['USER', 'q'],
      ['ASSISTANT', 'INCOMPLETE'],
    ]);
  });

  it('passes over events of an unknown type and text that is not JSON', () => {
    expect(['{', 'null', '"x"', '{"type":"later","id":1}', '{}'].map(parseStreamEvent)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(parseStreamEvent('{"id":1,"type":"content_delta","text":"x"}')).toEqual({
      id: 1,
      type: 'content_delta',
      text: 'x',
    });
  });

  it('reads out whole sentences only', () => {
    expect(completeSentences('One fires. Two ar', 0)).toBe('One fires.');
    expect(completeSentences('One fires. Two are 1.5 GiB', 10)).toBe('');
    expect(completeSentences('a line\nhalf', 0)).toBe('a line\n');
  });
});
