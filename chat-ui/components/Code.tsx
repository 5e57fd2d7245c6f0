import { useState } from 'preact/hooks';

/** A command to copy. Without a clipboard (plain HTTP on another host) the text can still be selected. */
export function Command({ children }: { children: string }) {
  const [copied, setCopied] = useState(false);
  const clipboard: Clipboard | undefined = navigator.clipboard;
  return (
    <div class="command">
      <code>{children}</code>
      {clipboard !== undefined && (
        <button
          type="button"
          class="button quiet small"
          onClick={() =>
            void clipboard.writeText(children).then(
              () => setCopied(true),
              () => setCopied(false),
            )
          }
        >
          {copied ? 'Copied' : 'Copy'}
          <span class="sr-only"> {children}</span>
        </button>
      )}
    </div>
  );
}
