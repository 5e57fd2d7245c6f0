import type { ComponentChildren } from 'preact';

/** Names and values in two columns, one above the other where it is narrow. */
export function Facts({ children }: { children: ComponentChildren }) {
  return <dl class="facts">{children}</dl>;
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** A part of a page under its own heading. */
export function Panel(props: { id: string; title: string; aside?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="panel" aria-labelledby={props.id}>
      <header class="panel-head">
        <h2 id={props.id}>{props.title}</h2>
        {props.aside}
      </header>
      {props.children}
    </section>
  );
}
