import { useId, type ReactNode } from 'react';
import classes from './parts.module.css';

export function Section({
  title,
  beside,
  children,
  level = 2,
}: {
  title: string;
  beside?: ReactNode;
  children: ReactNode;
  level?: 2 | 3;
}) {
  const id = useId();
  const Heading = level === 2 ? 'h2' : 'h3';
  return (
    <section className={classes.section} aria-labelledby={id}>
      <div className="row spread">
        <Heading id={id}>{title}</Heading>
        {beside}
      </div>
      {children}
    </section>
  );
}
