import { useQuery } from '@tanstack/react-query';
import { keysQuery } from '../api/all-of.ts';
import { sessionQuery } from '../api/queries.ts';
import { useWord, wordsOf } from '../texts/words.ts';

/** Who did something, by name. Only administrators may know API keys by name; others read the key's id. */
export function useActor(): (by: string) => string {
  const word = useWord();
  const { data: session } = useQuery(sessionQuery);
  const { data: keys } = useQuery({ ...keysQuery, enabled: session?.role === 'admin' });
  return (by) => {
    if (wordsOf('actor').includes(by)) return word('actor', by);
    return keys?.find(({ id }) => id === by)?.name ?? personName(by);
  };
}

/** A person without the claim that names them, which tells them from keys and the program. */
export function personName(name: string): string {
  return /^(?:email|preferred_username|sub):(.+)$/.exec(name)?.[1] ?? name;
}
