import { Button } from '@mantine/core';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { commonTexts } from '../texts/common.ts';
import { useTexts } from '../texts/texts.ts';
import { InnerLink } from './link.tsx';
import { Page, Section } from './page.tsx';
import { Empty } from './states.tsx';

/** A page that threw: what is around it goes on. */
export function PageCrashed({ error }: ErrorComponentProps) {
  const say = useTexts(commonTexts);
  return (
    <Page title={say('crashedTitle')}>
      <Section>
        <Empty title={String(error)} action={<Button onClick={() => window.location.reload()}>{say('reload')}</Button>}>
          {say('crashed')}
        </Empty>
      </Section>
    </Page>
  );
}

export function PageMissing() {
  const say = useTexts(commonTexts);
  return (
    <Page title={say('notFoundTitle')}>
      <Section>
        <Empty title={say('notFoundTitle')} action={<InnerLink href="/">{say('back')}</InnerLink>}>
          {say('notFound')}
        </Empty>
      </Section>
    </Page>
  );
}
