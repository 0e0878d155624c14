import type { QueryClient } from '@tanstack/react-query';

// Loads anew what is on the page and forgets the rest, so that no view goes on showing what was before.
export async function refreshAll(queries: QueryClient): Promise<void> {
  queries.removeQueries({ type: 'inactive' });
  await queries.refetchQueries({ type: 'active' });
}
