import { useLocation } from 'preact-iso';
import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../components/Icon.tsx';
import { MAIN_PAGES } from '../routes.tsx';
import { useServices } from '../services.ts';
import { Dialog } from './Dialog.tsx';
import { THEMES } from './theme.ts';

/** A column from 640 px up (icons alone below 1,024), a bar with a drawer below. */
export function Navigation({ onHelp }: { onHelp: () => void }) {
  const [drawer, setDrawer] = useState(false);
  const { path } = useLocation();
  useEffect(() => setDrawer(false), [path]);
  return (
    <>
      <header class="top-bar">
        <button
          type="button"
          class="button quiet icon-only"
          aria-label="Menu"
          aria-haspopup="dialog"
          onClick={() => setDrawer(true)}
        >
          <Icon name="menu" />
        </button>
        <Brand />
      </header>
      <nav class="nav" aria-label="Main">
        <Brand />
        <Links />
        <NavFoot onHelp={onHelp} />
      </nav>
      {drawer && (
        <Dialog title="Menu" class="dialog drawer" onClose={() => setDrawer(false)}>
          <nav class="drawer-nav" aria-label="Main">
            <Links />
            <NavFoot onHelp={() => (setDrawer(false), onHelp())} />
          </nav>
        </Dialog>
      )}
    </>
  );
}

function Brand() {
  return (
    <a class="brand" href="/" aria-label="AIOps NextGen, fleet">
      <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true" focusable="false">
        <rect class="brand-field" width="32" height="32" rx="7" />
        <path class="brand-line" d="M5 17h5l3-8 5 15 3-7h6" />
      </svg>
      <span class="brand-name">AIOps NextGen</span>
    </a>
  );
}

function Links() {
  const { path } = useLocation();
  return (
    <ul class="nav-links">
      {MAIN_PAGES.map((page) => (
        <li key={page.path}>
          <a
            href={page.path}
            class="nav-link"
            aria-current={
              path === page.path ? 'page' : path.startsWith(`${page.section?.path ?? page.path}/`) ? 'true' : undefined
            }
            title={page.section?.title ?? page.title}
          >
            <Icon name={page.icon} />
            <span class="nav-word">{page.section?.title ?? page.title}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

const THEME_ICON = { system: 'system', light: 'sun', dark: 'moon' } as const;
const THEME_WORD = { system: 'Theme: system', light: 'Theme: light', dark: 'Theme: dark' } as const;

function NavFoot({ onHelp }: { onHelp: () => void }) {
  const { theme, credential } = useServices();
  const current = theme.theme.value;
  const next = THEMES[(THEMES.indexOf(current) + 1) % THEMES.length] ?? 'system';
  return (
    <div class="nav-foot">
      <button type="button" class="nav-link" title={THEME_WORD[current]} onClick={() => theme.set(next)}>
        <Icon name={THEME_ICON[current]} />
        <span class="nav-word">{THEME_WORD[current]}</span>
      </button>
      <button type="button" class="nav-link" title="Keyboard shortcuts" onClick={onHelp}>
        <Icon name="help" />
        <span class="nav-word">Shortcuts</span>
      </button>
      {credential.token.value !== undefined && (
        <button type="button" class="nav-link" title="Sign out" onClick={() => (credential.clear(), location.reload())}>
          <Icon name="out" />
          <span class="nav-word">Sign out</span>
        </button>
      )}
    </div>
  );
}
