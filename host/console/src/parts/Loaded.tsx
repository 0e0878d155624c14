import { Skeleton } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { problemOf } from '../api/client';
import { Failure } from './Failure';
import classes from './parts.module.css';

// The three faces of a query: a skeleton of about its size, why it failed, or what it brought.
export function Loaded<T>({
  query,
  rows = 6,
  children,
}: {
  query: UseQueryResult<T>;
  rows?: number;
  children: (data: T) => ReactNode;
}) {
  if (query.isError) return <Failure problem={problemOf(query.error)} retry={() => void query.refetch()} />;
  if (query.isPending)
    return (
      <div className={classes.skeletons} aria-busy="true" role="status">
        <span className="unseen">Loading</span>
        {Array.from({ length: rows }, (_, row) => (
          <Skeleton key={row} height={18} width={`${92 - ((row * 17) % 35)}%`} />
        ))}
      </div>
    );
  return <>{children(query.data)}</>;
}
