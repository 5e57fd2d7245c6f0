import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openApp } from '../test-app.tsx';
import { alertsAnswer, cluster, errorResponse, json, page, type SentRequest, uuid } from '../test-support.ts';

const A = cluster(1, 'alpha');
const SESSION = {
  id: uuid(1),
  user_id: 'local',
  title: 'What is firing?',
  persona_id: 'default',
  cluster_context: [],
  model: null,
  message_count: 2,
  created_at: '2026-03-01T10:00:00.000Z',
  updated_at: '2026-03-01T10:00:00.000Z',
  expires_at: '2026-03-02T10:00:00.000Z',
};
const CALL = { id: 'c1', name: 'list_alerts', arguments: { state: 'FIRING', clusters: ['alpha'] } };
const RESULT = {
  tool_call_id: 'c1',
  status: 'SUCCESS',
  result: { clusters: [{ cluster_name: 'alpha', status: 'SUCCESS' }] },
  duration_ms: 12,
  evidence: 'E1',
};
const QUESTION = {
  id: uuid(5),
  session_id: SESSION.id,
  role: 'USER',
  content: 'What is firing?',
  persona_id: 'default',
  tool_calls: [],
  tool_results: [],
  model: null,
  complete: true,
  tokens_used: null,
  latency_ms: null,
  created_at: '2026-03-01T10:00:00.000Z',
};
const ANSWER = {
  ...QUESTION,
  id: uuid(6),
  role: 'ASSISTANT',
  content: '**One** fires [E1], not [E9]. See [fleet](/) and [x](javascript:alert(1)).',
  tool_calls: [CALL],
  tool_results: [RESULT],
  model: 'offline-analyst',
  latency_ms: 100,
};
const EVENTS = [
  { id: 1, type: 'message_start', message_id: ANSWER.id, model: 'offline-analyst', offline: true },
  { id: 2, type: 'tool_use', tool_call: CALL },
  { id: 3, type: 'tool_result', tool_result: RESULT },
  { id: 4, type: 'content_delta', text: '**One** fires [E1]' },
  { id: 5, type: 'message_complete', message: ANSWER },
];

function server(
  stream: () => Response = () => new Response(EVENTS.map((e) => `data: ${JSON.stringify(e)}\n\n`).join('')),
) {
  return ({ method, path }: SentRequest): Response => {
    if (path.startsWith('/clusters')) return page([A]);
    if (path.startsWith('/alerts')) return json(alertsAnswer([A], []));
    if (path.endsWith('/stream')) return stream();
    if (path.includes('/messages')) return json({ items: [QUESTION, ANSWER], has_more: false });
    if (path === '/chat/sessions') return method === 'POST' ? json(SESSION, 201) : json({ items: [SESSION] });
    return path.includes(SESSION.id) ? json(SESSION) : errorResponse(404, 'SESSION_NOT_FOUND');
  };
}

let app: Awaited<ReturnType<typeof openApp>> | undefined;
// Loaded ahead, so that the lazy route is there as soon as it is asked for.
beforeAll(() => import('./Chat.tsx'));
afterEach(() => app?.close());

async function open(url: string, answer = server()) {
  app = await openApp(url, answer);
  return app;
}

describe('Chat page', () => {
  it('answers a suggested question with tool cards, cited text and the offline banner, and puts the session in the URL', async () => {
    const chat = await open('/chat');
    await chat.click('.suggestion');
    expect(location.search).toBe(`?session=${SESSION.id}`);
    expect(chat.one('.tool-card summary').textContent).toContain('list_alerts');
    expect(chat.one('.tool-card summary').textContent).toContain('1 of 1 answered');
    expect(chat.one('.offline-banner').textContent).toContain('Offline analyst');
    expect(chat.one('.markdown strong').textContent).toBe('One');
  });

  it('leads from a citation to its evidence, and shows an unknown one as text', async () => {
    const chat = await open(`/chat?session=${SESSION.id}`);
    expect(chat.all('a.citation').map((e) => e.textContent)).toEqual(['E1']);
    expect(chat.one('.citation-missing').textContent).toBe('[E9]');
    await chat.click('a.citation');
    expect(chat.one('.tool-card').hasAttribute('open')).toBe(true);
    expect(location.search).toBe(`?session=${SESSION.id}`);
  });

  it('makes links of pages of this server only', async () => {
    const chat = await open(`/chat?session=${SESSION.id}`);
    expect(chat.all('.markdown a:not(.citation)').map((a) => a.getAttribute('href'))).toEqual(['/']);
    expect(chat.one('.markdown').textContent).toContain('x (javascript:alert(1)');
  });

  it('shows persona and scope, and takes the scope of a new conversation from the URL', async () => {
    const chat = await open('/chat?clusters=alpha');
    expect(chat.one('.persona').textContent).toContain('default');
    expect(chat.one('.scope summary').textContent).toContain('alpha');
    await chat.click('.suggestion');
    expect(chat.sent.find((r) => r.method === 'POST' && r.path === '/chat/sessions')?.body).toMatchObject({
      cluster_context: ['alpha'],
    });
  });

  it('shows an error event with its code and trace id', async () => {
    const chat = await open(
      '/chat',
      server(
        () =>
          new Response(
            'data: {"id":1,"type":"error","code":"MODEL_NOT_AVAILABLE","message":"No model.","trace_id":"t-9"}\n\n',
          ),
      ),
    );
    await chat.click('.suggestion');
    expect(chat.one('.answer-end.failed').textContent).toContain('No model. MODEL_NOT_AVAILABLE · trace t-9');
  });

  it('keeps a refused question in the composer and says which permission it needs', async () => {
    const chat = await open(
      '/chat',
      server(() => errorResponse(403, 'PERMISSION_DENIED', { permission: 'chat:write' })),
    );
    await chat.click('.suggestion');
    expect(chat.one('.refusal').textContent).toContain('Asking needs the permission chat:write');
    expect(chat.one('#composer')).toHaveProperty('value', 'Which clusters are unhealthy?');
  });

  it('tells that a conversation does not exist and offers a new one', async () => {
    const chat = await open(`/chat?session=${uuid(77)}`);
    expect(chat.text()).toContain('There is no such conversation');
    expect(chat.all('a[href="/chat"]').length).toBeGreaterThan(0);
  });

  it('is a log that does not read out every letter', async () => {
    const chat = await open(`/chat?session=${SESSION.id}`);
    expect(chat.one('[role=log]').getAttribute('aria-live')).toBe('off');
    expect(chat.one('.log-frame > [aria-live=polite]').textContent).toBe('');
  });
});
