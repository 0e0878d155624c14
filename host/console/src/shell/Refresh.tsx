import { Button } from '@mantine/core';
import { useIsFetching, useQueryClient } from '@tanstack/react-query';
import { useEffect, useReducer } from 'react';
import { clockOf, instant } from '../format/time';
import { IconRefresh } from '../parts/icons';
import classes from './Shell.module.css';
import { refreshAll } from './refresh_all';

// When the oldest part of what is on the page was loaded; null before anything was.
function useLoadedAt(): Date | null {
  const queries = useQueryClient();
  const [, look] = useReducer((n: number) => n + 1, 0);
  useEffect(() => queries.getQueryCache().subscribe(() => queueMicrotask(look)), [queries]);
  const times = queries
    .getQueryCache()
    .findAll({ type: 'active' })
    .map((query) => query.state.dataUpdatedAt)
    .filter((at) => at > 0);
  return times.length > 0 ? new Date(Math.min(...times)) : null;
}

// The page is a snapshot: nothing on it moves until somebody asks for it.
export function Refresh() {
  const queries = useQueryClient();
  const busy = useIsFetching() > 0;
  const loadedAt = useLoadedAt();
  return (
    <div className={classes.refresh} aria-busy={busy}>
      <span className="soft" role="status">
        {busy ? (
          'Loading…'
        ) : loadedAt ? (
          <>
            <span className={classes.wide}>Snapshot, loaded at </span>
            <time dateTime={loadedAt.toISOString()} title={`Loaded at ${instant(loadedAt)}; nothing moves by itself`}>
              {clockOf(loadedAt)}
            </time>
          </>
        ) : (
          ''
        )}
      </span>
      <Button
        size="xs"
        variant="default"
        leftSection={<IconRefresh size={14} />}
        onClick={() => void (busy || refreshAll(queries))}
      >
        Refresh
      </Button>
    </div>
  );
}
