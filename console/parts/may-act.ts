import { useQuery } from '@tanstack/react-query';
import { sessionQuery } from '../api/queries.ts';

/** Whether who is signed in may do more than look. */
export function useMayAct(): boolean {
  const { data: session } = useQuery(sessionQuery);
  return session !== undefined && session.role !== 'viewer';
}
