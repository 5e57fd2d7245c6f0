import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Alert } from '../../backend/model/alert.ts';
import { detail, episode, silence } from '../alerts/test-alerts.ts';
import { openApp } from '../test-app.tsx';
import { alert, alertsAnswer, cluster, errorResponse, json, page, type SentRequest, uuid } from '../test-support.ts';

const ALPHA = cluster(1, 'alpha');
const BETA = cluster(2, 'beta');
const ALL: Alert[] = [
  alert(ALPHA, 'Down', {
    fingerprint: 'f1',
    severity: 'CRITICAL',
    labels: { alertname: 'Down', namespace: 'shop', pod: 'cart-1' },
    annotations: { summary: '<img src=x onerror=alert(1)>' },
  }),
  alert(ALPHA, 'Slow', { fingerprint: 'f2', labels: { namespace: 'shop' }, silenced: true }),
  alert(BETA, 'AIOpsWatchdogMissing', { fingerprint: 'f3', severity: 'CRITICAL', sources: ['PLATFORM'] }),
];

type Answer = (request: SentRequest) => Response | Promise<Response> | undefined;

function server(answer: Answer) {
  return (request: SentRequest) => {
    const own = answer(request);
    if (own) return own;
    if (request.path.startsWith('/alerts')) return json(alertsAnswer([ALPHA, BETA], ALL));
    return page([ALPHA, BETA]);
  };
}
const open = async (url: string, answer: Answer = () => undefined) => (app = await openApp(url, server(answer)));

let app: Awaited<ReturnType<typeof openApp>> | undefined;
// Loaded ahead, so that the lazy routes are there as soon as they are asked for.
beforeAll(() =>
  Promise.all([
    import('./Alerts.tsx'),
    import('./Alert.tsx'),
    import('./AlertHistory.tsx'),
    import('./Silences.tsx'),
    import('./Chat.tsx'),
  ]),
);
afterEach(() => app?.close());

const names = () => app?.all('.grid-body .cell-name').map((cell) => cell.textContent?.split(' ')[0]) ?? [];

describe('Alerts page', () => {
  it('lists what fires, worst first; text of a cluster is text; our own are marked', async () => {
    const { state, all, text } = await open('/alerts');
    expect([state(), names()]).toEqual(['ready', ['Down', 'AIOpsWatchdogMissing', 'Slow']]);
    expect(all('main img')).toEqual([]);
    expect(text()).toContain('<img src=x onerror=alert(1)>');
    expect(all('.grid-body [role=row]').map((row) => row.textContent?.includes('Told by AIOps'))).toEqual([
      false,
      true,
      false,
    ]);
    expect(all('.cell-state .badge').map((badge) => badge.textContent)).toEqual(['Firing', 'Firing', 'Silenced']);
  });

  it('is filtered by chips that stand in the URL, whose numbers add up to the list', async () => {
    const { press, state, all, one } = await open('/alerts?cluster=alpha');
    expect(names()).toEqual(['Down', 'Slow']);
    const chips = () => all('.toggle-chip').map((chip) => chip.textContent);
    expect(chips()).toEqual(['Critical1', 'Warning1', 'Info0', 'Firing1', 'Pending0', 'Silenced1', 'Inhibited0']);
    await press('Silenced');
    expect([location.search, names()]).toEqual(['?state=silenced&cluster=alpha', ['Slow']]);
    expect(one('.toggle-chip[aria-pressed=true]').textContent).toContain('Silenced');
    await press('Info');
    expect([state(), names()]).toEqual(['filtered-empty', []]);
    await press('Clear the filters');
    expect([location.search, state()]).toEqual(['', 'ready']);
  });

  it('groups, one group open at a time, all of it in the URL', async () => {
    const { click, all } = await open('/alerts?group=cluster');
    expect(names()).toEqual(['alpha2,', 'beta1,']);
    await click('.grid-body a');
    expect(location.search).toBe('?group=cluster&open=alpha');
    expect(all('.grid-body [role=row]')).toHaveLength(4);
  });

  it('tells loading, empty, partial, stale, failed and denied apart, and never shows 0 for what is not known', async () => {
    await open('/alerts', ({ path }) => (path.startsWith('/alerts') ? new Promise(() => undefined) : undefined));
    expect([app?.state(), app?.all('.chip-count').map((count) => count.textContent)[0]]).toEqual(['loading', '—']);
    await app?.close();
    await open('/alerts', ({ path }) => (path.startsWith('/alerts') ? json(alertsAnswer([ALPHA], [])) : undefined));
    expect(app?.state()).toBe('empty');
    await app?.close();
    await open('/alerts', ({ path }) =>
      path.startsWith('/alerts') ? json(alertsAnswer([ALPHA], ALL, { complete: false })) : undefined,
    );
    expect(app?.state()).toBe('partial');
    expect(app?.text()).toContain('≥ 3 alerts');
    await app?.close();
    await open('/alerts', ({ path }) => (path.startsWith('/alerts') ? errorResponse(503, 'X') : undefined));
    expect([app?.state(), app?.all('.chip-count')[0]?.textContent]).toEqual(['error', '—']);
    await app?.close();
    await open('/alerts', ({ path }) =>
      path.startsWith('/alerts') ? errorResponse(403, 'PERMISSION_DENIED', { permission: 'alerts:read' }) : undefined,
    );
    expect(app?.state()).toBe('denied');
    expect(app?.text()).toContain('alerts:read');
  });
});

describe('one alert', () => {
  const answer =
    (own: Answer = () => undefined): Answer =>
    (request) =>
      own(request) ?? (request.path.startsWith('/alerts/f1') ? json(detail(ALPHA)) : undefined);

  it('shows what is known of it, a runbook as text, and opens the chat with a question that is not yet asked', async () => {
    const { press, all, text, one, sent } = await open('/alerts/f1?on=alpha&back=severity%3Dcritical', answer());
    expect(text()).toContain('Fired 2 times');
    expect(all('main a').some((a) => a.getAttribute('href')?.includes('evil'))).toBe(false);
    expect(one('.page-head a').getAttribute('href')).toBe('/alerts?severity=critical');
    await press('Investigate');
    expect(location.pathname).toBe('/chat');
    const composer = one('#composer');
    expect(composer instanceof HTMLTextAreaElement ? composer.value : '').toMatch(
      /^Why does the alert Down fire on alpha/,
    );
    expect(sent.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  it('is silenced only after it was said what that means, with a reason, and never by Enter', async () => {
    const made = {
      silences: [{ cluster_id: ALPHA.id, cluster_name: 'alpha', silence_id: uuid(5), matching_alerts: 1 }],
      ends_at: '2026-03-01T12:00:00.000Z',
      clusters: [],
      complete: true,
    };
    const { press, fill, key, text, sent, one } = await open(
      '/alerts/f1?on=alpha',
      answer(({ method }) => (method === 'POST' ? json(made, 201) : undefined)),
    );
    await press('Silence…');
    expect(one('.statement').textContent).toContain('In alpha nobody is notified');
    expect(one('.statement').textContent).toContain('alertname="Down" and namespace="shop"');
    expect(one('.statement').textContent).toContain('Now that is 1 alert: Down (cart-1)');
    const posts = () => sent.filter(({ method }) => method === 'POST');
    await press('Silence these alerts');
    expect([posts(), text().includes('Say why')]).toEqual([[], true]);
    await fill('Why', 'Fans are replaced');
    one('.dialog-actions .danger').focus();
    await key('Enter');
    expect(posts()).toEqual([]);
    await press('Silence these alerts');
    expect(posts().map(({ path, body }) => [path, body])).toEqual([
      [
        '/alerts/silences',
        {
          clusters: ['alpha'],
          matchers: ['alertname="Down"', 'namespace="shop"'],
          duration: '2h',
          comment: 'Fans are replaced',
        },
      ],
    ]);
    expect(text()).toContain('it covers 1 alert now');
  });

  it('says beforehand that a viewer may not silence it', async () => {
    const { hear, press, all, text } = await open('/alerts/f1?on=alpha', answer());
    await hear({ type: 'auth_response', role: 'viewer' });
    await press('Silence…');
    expect(all('dialog')).toEqual([]);
    expect(text()).toContain('does not hold alerts:write');
  });

  it('that is forgotten says so', async () => {
    const { state, text } = await open('/alerts/f1', () => errorResponse(404, 'ALERT_NOT_FOUND'));
    expect([state(), text().includes('not known any more')]).toEqual(['empty', true]);
  });
});

describe('history and silences', () => {
  it('read the history page by page as the URL asks for it', async () => {
    const answer: Answer = ({ path }) => {
      if (!path.startsWith('/alerts/history')) return undefined;
      const older = path.includes('cursor=c1');
      return json({
        episodes: [episode(ALPHA, older ? 2 : 1)],
        total: 2,
        by_severity: { CRITICAL: 0, WARNING: 2, INFO: 0 },
        clusters: [],
        complete: true,
        ...(older ? {} : { next_cursor: 'c1' }),
      });
    };
    const { press, sent, text } = await open('/alerts/history?severity=warning&clusters=alpha', answer);
    expect(text()).toContain('1 of 2 times');
    await press('Older');
    expect(names()).toEqual(['Alert1', 'Alert2']);
    expect(sent.filter(({ path }) => path.startsWith('/alerts/history')).map(({ path }) => path)).toEqual([
      '/alerts/history?start=-1d&end=now&limit=200&severity=WARNING&clusters=alpha',
      '/alerts/history?start=-1d&end=now&limit=200&severity=WARNING&clusters=alpha&cursor=c1',
    ]);
  });

  it('list silences, and end one after a question', async () => {
    let silences = [silence(ALPHA)];
    const { press, sent, state, text } = await open('/alerts/silences', ({ method, path }) => {
      if (!path.startsWith('/alerts/silences')) return undefined;
      if (method === 'DELETE') {
        silences = [];
        return new Response(null, { status: 204 });
      }
      return json({ silences, total: silences.length, clusters: [], complete: true });
    });
    expect(text()).toContain('ends in 2 h');
    await press('End');
    await press('End this silence');
    expect(sent.filter(({ method }) => method === 'DELETE').map(({ path }) => path)).toEqual([
      `/alerts/silences/alpha/${uuid(9)}`,
    ]);
    expect(state()).toBe('empty');
  });
});
