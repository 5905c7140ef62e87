import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { sessionQuery } from '../api/queries.ts';
import { commonTexts } from '../texts/common.ts';
import { useTexts } from '../texts/texts.ts';
import { Section } from './page.tsx';
import { Empty } from './states.tsx';

/** What viewers are told in place of, where they come by its address. */
export function OperatorsOnly({ children }: { children: ReactNode }) {
  const say = useTexts(commonTexts);
  const { data: session } = useQuery(sessionQuery);
  if (session?.role !== 'viewer') return children;
  return (
    <Section>
      <Empty title={say('notAllowed')} />
    </Section>
  );
}
