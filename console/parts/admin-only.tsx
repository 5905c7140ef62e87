import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { sessionQuery } from '../api/queries.ts';
import { commonTexts } from '../texts/common.ts';
import { useTexts } from '../texts/texts.ts';
import { Section } from './page.tsx';
import { Empty, Loading } from './states.tsx';

/** The content for administrators; others are told that it is not for them. The server refuses them anyway. */
export function AdminOnly({ children }: { children: ReactNode }) {
  const say = useTexts(commonTexts);
  const { data: session } = useQuery(sessionQuery);
  if (session === undefined) return <Loading />;
  if (session.role === 'admin') return <>{children}</>;
  return (
    <Section flush>
      <Empty title={say('adminOnly')}>{say('adminOnly.text')}</Empty>
    </Section>
  );
}
