import type { ComponentChildren } from 'preact';

/** One number of a strip (`ul.numbers`), which leads to the list that adds up to it. `quiet` = there is nothing to see to. */
export function NumberCell(props: {
  href: string;
  current: boolean;
  label: ComponentChildren;
  quiet?: boolean;
  note?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <li class="number">
      <a
        class={props.quiet ? 'number-link quiet' : 'number-link'}
        href={props.href}
        aria-current={props.current ? 'true' : undefined}
      >
        <span class="number-label">{props.label}</span>
        <span class="number-value">{props.children}</span>
        {props.note !== undefined && <span class="number-note">{props.note}</span>}
      </a>
    </li>
  );
}
