import { useMutation, useQueryClient } from '@tanstack/react-query';
import { problemOf } from '../api/client';
import { refreshAll } from '../shell/refresh_all';

// A change that a person makes: afterwards the page shows what it led to.
export function useChange<Input, Result>(change: (input: Input) => Promise<Result>, after?: (result: Result) => void) {
  const queries = useQueryClient();
  const mutation = useMutation({
    mutationFn: change,
    onSuccess: async (result) => {
      after?.(result);
      await new Promise((resolve) => setTimeout(resolve)); // what after() took from the page is not loaded again
      await refreshAll(queries);
    },
  });
  return { ...mutation, problem: mutation.error ? problemOf(mutation.error) : undefined };
}
