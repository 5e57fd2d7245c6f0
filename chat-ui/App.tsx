import { LocationProvider, Route, Router, useLocation } from 'preact-iso';
import { useEffect, useRef, useState } from 'preact/hooks';
import { NotFoundPage } from './pages/NotFound.tsx';
import { MAIN_PAGES, ROUTES, titleAt } from './routes.tsx';
import { ServicesProvider, type UiServices, useServices } from './services.ts';
import { Navigation } from './shell/Navigation.tsx';
import { ShortcutsDialog } from './shell/ShortcutsDialog.tsx';
import { useShortcuts } from './shell/shortcuts.ts';
import { SignIn } from './shell/SignIn.tsx';

export function App({ services }: { services: UiServices }) {
  return (
    <ServicesProvider value={services}>
      <LocationProvider>
        <Shell />
      </LocationProvider>
    </ServicesProvider>
  );
}

function Shell() {
  const { credential, live, fleet } = useServices();
  const { route, path } = useLocation();
  const [help, setHelp] = useState(false);
  const signIn = credential.required.value;

  useShortcuts({
    go: Object.fromEntries(MAIN_PAGES.map((page) => [page.key, () => route(page.path)])),
    help: () => setHelp(true),
  });
  // No feed and no polling while the server wants a credential first; both begin again with the new one.
  useEffect(() => {
    if (signIn) return undefined;
    live.start();
    const stopPolling = fleet.poll(() => document.visibilityState === 'visible');
    return () => {
      stopPolling();
      live.stop();
    };
  }, [signIn, live, fleet]);

  return (
    <>
      <a class="skip-link" href="#main">
        Skip to content
      </a>
      <div class="shell">
        <Navigation onHelp={() => setHelp(true)} />
        <main id="main" tabIndex={-1} class={path === '/chat' && !signIn ? 'main-fixed' : undefined}>
          {signIn ? <SignIn /> : <Pages />}
        </main>
      </div>
      {help && <ShortcutsDialog onClose={() => setHelp(false)} />}
      <PrintStamp />
    </>
  );
}

function Pages() {
  const { path } = useLocation();
  useTitleAndFocus(path);
  return (
    <Router onLoadEnd={focusHeading}>
      {[
        ...ROUTES.map((page) => <Route key={page.path} path={page.path} component={page.component} />),
        <Route key="404" default component={NotFoundPage} />,
      ]}
    </Router>
  );
}

/** A new page is announced by moving focus to its `h1`; the first page is left alone. */
function useTitleAndFocus(path: string): void {
  const shown = useRef(path);
  useEffect(() => {
    document.title = `${titleAt(path) ?? 'Not found'} · AIOps NextGen`;
    if (shown.current === path) return;
    shown.current = path;
    focusHeading();
  }, [path]);
}

function focusHeading(): void {
  document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
}

/** On paper: where this came from and when. */
function PrintStamp() {
  const [stamp, setStamp] = useState('');
  useEffect(() => {
    const update = () =>
      setStamp(`${location.href} · printed ${new Date().toLocaleString(undefined, { timeZoneName: 'short' })}`);
    update();
    addEventListener('beforeprint', update);
    return () => removeEventListener('beforeprint', update);
  }, []);
  return <p class="print-stamp">{stamp}</p>;
}
