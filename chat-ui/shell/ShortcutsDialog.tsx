import { MAIN_PAGES } from '../routes.tsx';
import { Dialog } from './Dialog.tsx';

export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const rows: [string[], string][] = [
    [['/'], 'Filter the list, or write a question'],
    [['?'], 'This list'],
    ...MAIN_PAGES.map((page): [string[], string] => [['g', page.key], `Go to ${page.section?.title ?? page.title}`]),
    [['↑', '↓', 'Home', 'End'], 'Move in a list'],
    [['Enter'], 'Open what is chosen in a list; send the question'],
    [['Ctrl', 'Enter'], 'Run the query'],
    [['Shift', 'Enter'], 'New line in the question'],
    [['Esc'], 'Close a dialog; stop a running answer while in the composer'],
  ];
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl class="shortcuts">
        {rows.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p class="muted">Letters are off while you type in a field.</p>
    </Dialog>
  );
}
