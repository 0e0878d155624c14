import type { ReactNode } from 'react';
import classes from './parts.module.css';

export type Fact = [name: string, value: ReactNode] | null | undefined | false;

// `wide`: for ids, which read badly when they are broken.
export function Facts({ facts, wide = false }: { facts: Fact[]; wide?: boolean }) {
  return (
    <dl className={classes.facts} data-wide={wide || undefined}>
      {facts
        .filter((fact) => fact !== null && fact !== undefined && fact !== false)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="wrap">{value}</dd>
          </div>
        ))}
    </dl>
  );
}
