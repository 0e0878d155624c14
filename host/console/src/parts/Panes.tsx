import { ActionIcon } from '@mantine/core';
import { useEffect, useRef, type ReactNode } from 'react';
import { IconBack, IconClose } from './icons';
import classes from './Panes.module.css';

// A list and, beside it, what was chosen in it; on a small screen the one or the other.
export function Panes({
  list,
  chosen,
  label,
  back,
  onClose,
  children,
}: {
  list: ReactNode;
  chosen: string | undefined;
  label: string;
  back: string;
  onClose: () => void;
  children: ReactNode;
}) {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    // Beside a list that is hidden on a small screen, the panel is where reading goes on.
    if (chosen && window.matchMedia('(max-width: 60rem)').matches) panel.current?.focus();
  }, [chosen]);
  return (
    <div className={classes.panes} data-open={chosen !== undefined || undefined}>
      <div className={classes.list}>{list}</div>
      {chosen !== undefined && (
        <section
          className={classes.panel}
          aria-label={label}
          ref={panel}
          tabIndex={-1}
          onKeyDown={(event) => {
            if (event.key === 'Escape' && !event.defaultPrevented) onClose();
          }}
        >
          <div className={`${classes.head} no-print`}>
            <button type="button" className={classes.back} onClick={onClose}>
              <IconBack size={14} /> {back}
            </button>
            <ActionIcon
              className={classes.close}
              variant="subtle"
              aria-label={`Close: ${label.toLowerCase()}`}
              onClick={onClose}
            >
              <IconClose />
            </ActionIcon>
          </div>
          {children}
        </section>
      )}
    </div>
  );
}
