import type { KeyboardEvent } from 'react';

// In a table whose rows have a link each: arrow keys go from row to row, Home and End to the ends. Enter opens, as on
// any link.
export function walkRows(event: KeyboardEvent<HTMLElement>) {
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>('a[data-row]')];
  const now = links.findIndex((link) => link === document.activeElement);
  const target = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: links.length - 1 }[event.key];
  if (target === undefined || now < 0) return;
  event.preventDefault();
  links[Math.min(links.length - 1, Math.max(0, target))]?.focus();
}
