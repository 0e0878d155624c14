import { Button } from '@mantine/core';
import classes from './parts.module.css';

// Pages by cursor: forward with the answer's, back with those that led here. `trail` is kept in the address.
export function Pager({
  trail,
  next,
  shown,
  onMove,
}: {
  trail: string[];
  next: string | null;
  shown: number;
  onMove: (trail: string[]) => void;
}) {
  if (trail.length === 0 && next === null) return null;
  return (
    <nav className={`${classes.pager} no-print`} aria-label="Pages">
      <Button size="xs" variant="default" disabled={trail.length === 0} onClick={() => onMove(trail.slice(0, -1))}>
        Newer
      </Button>
      <span className="soft">
        Page {trail.length + 1}, {shown} shown
      </span>
      <Button size="xs" variant="default" disabled={next === null} onClick={() => next && onMove([...trail, next])}>
        Older
      </Button>
    </nav>
  );
}

export const trailOf = (text: string | undefined) => (text ? text.split('~') : []);
export const trailText = (trail: string[]) => (trail.length > 0 ? trail.join('~') : undefined);
