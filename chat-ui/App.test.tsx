import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openApp } from './test-app.tsx';
import { alertsAnswer, cluster, errorResponse, json, page, type SentRequest } from './test-support.ts';

const A = cluster(1, 'alpha');

function server({ path }: SentRequest): Response {
  if (path.startsWith('/clusters')) return page([A]);
  if (path.startsWith('/alerts')) return json(alertsAnswer([A], []));
  if (path === '/chat/sessions') return json({ items: [] });
  return json({});
}

function guarded(request: SentRequest): Response {
  return request.headers.get('authorization') === 'Bearer aiops_good'
    ? server(request)
    : errorResponse(401, 'AUTH_FAILED');
}

let app: Awaited<ReturnType<typeof openApp>> | undefined;
// Loaded ahead, so that the lazy route is there as soon as it is asked for.
beforeAll(() => import('./pages/Chat.tsx'));
afterEach(() => app?.close());

async function press(key: string, target: EventTarget = document.body): Promise<void> {
  target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  await app?.wait();
}

describe('app', () => {
  it('asks for a token after a 401 and comes back to the same address', async () => {
    app = await openApp('/?state=ONLINE', guarded);
    expect(app.state()).toBe('sign-in');
    await app.type('#token', 'aiops_bad');
    await app.click('.sign-in button[type=submit]');
    expect(app.text()).toContain('does not accept this token');
    await app.type('#token', ' aiops_good ');
    await app.click('.sign-in button[type=submit]');
    expect([app.state(), location.search]).toEqual(['ready', '?state=ONLINE']);
    expect(app.sockets.at(-1)?.protocols).toEqual(['bearer', 'aiops_good']);
  });

  it('sends nothing for a token that cannot be one', async () => {
    app = await openApp('/', guarded);
    const before = app.sent.length;
    await app.type('#token', 'two words');
    await app.click('.sign-in button[type=submit]');
    expect(app.sent).toHaveLength(before);
    expect(app.text()).toContain('Paste the whole token');
  });

  it('shows in its navigation what exists and nothing else', async () => {
    app = await openApp('/', server);
    expect(app.all('.nav .nav-links a').map((a) => a.getAttribute('href'))).toEqual([
      '/',
      '/clusters',
      '/gpu',
      '/cnf',
      '/observability/metrics',
      '/alerts',
      '/chat',
    ]);
    expect(app.one('.nav a[aria-current=page]').textContent).toBe('Fleet');
  });

  it('says honestly that a page is not there', async () => {
    app = await openApp('/nowhere', server);
    expect(app.state()).toBe('not-found');
    expect(app.text()).toContain('There is no page at /nowhere');
    expect(document.title).toContain('Not found');
  });

  it('goes by g and a letter, moving focus to the heading of the page', async () => {
    app = await openApp('/', server);
    await press('g');
    await press('c');
    expect(location.pathname).toBe('/chat');
    expect(document.activeElement?.tagName).toBe('H1');
  });

  it('leaves letters alone that are typed into a field', async () => {
    app = await openApp('/', server);
    const field = app.one('input[type=search]');
    await press('g', field);
    await press('c', field);
    await press('?', field);
    expect([location.pathname, app.all('dialog').length]).toEqual(['/', 0]);
  });

  it('moves to the filter with a slash', async () => {
    app = await openApp('/', server);
    await press('/');
    expect(document.activeElement).toBe(app.one('input[type=search]'));
  });

  it('goes through the themes and sets them on the document', async () => {
    app = await openApp('/', server);
    const theme = () => document.documentElement.dataset.theme;
    expect(theme()).toBeUndefined();
    await app.click('.nav .nav-foot button');
    expect(theme()).toBe('light');
    await app.click('.nav .nav-foot button');
    expect(theme()).toBe('dark');
    await app.click('.nav .nav-foot button');
    expect(theme()).toBeUndefined();
  });
});
