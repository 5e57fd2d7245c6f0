import type { ComponentChildren } from 'preact';

interface ActionProps {
  /** Why it cannot be done; the action then stays in reach and says so. */
  readonly denied: string | undefined;
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** A button that says why when it cannot be used. Without `onClick` it submits its form. */
export function ActionButton(props: ActionProps & { busy?: boolean; onClick?: () => void }) {
  const { denied, busy = false, onClick, children } = props;
  const disabled = denied !== undefined || busy;
  return (
    <button
      type={onClick ? 'button' : 'submit'}
      class={props.class ?? 'button'}
      aria-disabled={disabled}
      title={denied}
      onClick={(event) => {
        if (disabled) event.preventDefault();
        else onClick?.();
      }}
    >
      {children}
      {denied !== undefined && <span class="sr-only">, not allowed: {denied}</span>}
    </button>
  );
}

/** A link to a page that does something. Without the permission it leads nowhere, can still be reached, and says why. */
export function ActionLink({ denied, href, children, ...rest }: ActionProps & { href: string }) {
  return denied === undefined ? (
    <a class={rest.class ?? 'button'} href={href}>
      {children}
    </a>
  ) : (
    <ActionButton denied={denied} class={rest.class ?? 'button'} onClick={() => undefined}>
      {children}
    </ActionButton>
  );
}
