import type { ReactNode } from 'react';
import classes from './parts.module.css';

export type NoticeKind = 'good' | 'warn' | 'bad' | 'plain';

// Something that a person should read. `live`: it came up while the page was looked at, so it is read out.
export function Notice({
  kind,
  title,
  children,
  live = true,
}: {
  kind: NoticeKind;
  title?: string;
  children?: ReactNode;
  live?: boolean;
}) {
  const role = !live ? undefined : kind === 'bad' ? 'alert' : 'status';
  return (
    <div className={`${classes.notice} ${classes[kind]}`} role={role}>
      {title && <strong>{title}</strong>}
      {children && <div className="wrap">{children}</div>}
    </div>
  );
}
