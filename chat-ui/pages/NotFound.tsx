import { useLocation } from 'preact-iso';
import { MAIN_PAGES } from '../routes.tsx';

export function NotFoundPage() {
  const { path } = useLocation();
  return (
    <div class="page" data-state="not-found">
      <h1 tabIndex={-1}>Not found</h1>
      <p>
        There is no page at <code>{path}</code>. What there is:
      </p>
      <ul class="plain-list">
        {MAIN_PAGES.map((page) => (
          <li key={page.path}>
            <a href={page.path}>{page.title}</a>
          </li>
        ))}
      </ul>
    </div>
  );
}
