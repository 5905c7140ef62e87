import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { CallError } from '../api/call.ts';
import { intervalOf } from '../api/live.ts';
import { sessionQuery } from '../api/queries.ts';

/** The cache of everything read. A call that finds the session ended leads to the sign-in. */
export function createQueryClient(): QueryClient {
  const signedOut = (error: Error) => {
    if (!(error instanceof CallError) || error.status !== 401) return;
    const session = client.getQueryState(sessionQuery.queryKey);
    if (session?.status === 'success') void client.resetQueries({ queryKey: sessionQuery.queryKey });
  };
  const client = new QueryClient({
    queryCache: new QueryCache({ onError: signedOut }),
    mutationCache: new MutationCache({ onError: signedOut }),
    defaultOptions: {
      queries: {
        // What the server refuses it will refuse again; only what did not answer is asked once more.
        retry: (failures, error) => failures < 1 && (!(error instanceof CallError) || error.status === 0),
        staleTime: 2000,
        refetchInterval: (query) => intervalOf(client, query),
      },
    },
  });
  return client;
}
