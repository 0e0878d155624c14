import { Link } from '@tanstack/react-router';
import { Copy } from './Copy';
import classes from './parts.module.css';

// An id that may be passed on: to read, to copy, and as the way to everything that bears it.
export function Reference({
  name,
  value,
  search,
  to = '/deliveries',
  brief = false,
}: {
  name: string;
  value: string;
  search?: Record<string, string>;
  to?: string;
  brief?: boolean; // in a table: the head of long ids, whole in the title
}) {
  const shown = brief && value.length > 18 ? `${value.slice(0, 8)}…${value.slice(-4)}` : value;
  return (
    <span className={classes.reference}>
      {search ? (
        <Link to={to} search={search} title={value} className={classes.id}>
          <bdi>{shown}</bdi>
        </Link>
      ) : (
        <span className={classes.id} title={value}>
          <bdi>{shown}</bdi>
        </span>
      )}
      <Copy name={name} value={value} />
    </span>
  );
}
