import { List, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useLanguage, useTexts } from '../../texts/texts.ts';
import { Section } from '../page.tsx';
import { Loading } from '../states.tsx';
import classes from './credentials.module.css';
import { type Note, notesIn, noteTerms, partOf, piecesOf } from './notes.ts';
import { credentialTexts } from './texts.ts';
import { useProviderName } from './words.ts';

/** Pages of the reference as they stand in the repository, each loaded when it is needed. */
const pages = import.meta.glob<string>('../../../docs/reference/{providers/*,providers.zh-CN}.md', {
  query: '?raw',
  import: 'default',
});

/** What a person does in the platform's portal: where the keys are, where the callback URL goes, where the order number. */
export function Instructions({ provider }: { provider: string }) {
  const say = useTexts(credentialTexts);
  const name = useProviderName();
  const { data: notes } = useNotes(provider);
  return (
    <Section title={say('instructions', { provider: name(provider) })}>
      {notes === undefined ? <Loading lines={5} /> : <Notes notes={notes} />}
    </Section>
  );
}

/** What whoever receives the notifications has to do; `provider` is the format. */
export function ReceiverInstructions({ provider }: { provider: string }) {
  const say = useTexts(credentialTexts);
  const name = useProviderName();
  const { data: notes = [] } = useNotes(provider);
  const { language } = useLanguage();
  const answer = noteTerms[language].at(-1);
  return (
    <Section title={say('instructions.receiver')}>
      <List size="sm" spacing="xs" c="var(--soft)" mb="md">
        <List.Item>{say('instructions.verify', { provider: name(provider) })}</List.Item>
        <List.Item>{say('instructions.answer')}</List.Item>
        <List.Item>{say('instructions.twice')}</List.Item>
      </List>
      <Notes notes={notes.filter(({ term }) => term === answer)} />
    </Section>
  );
}

function useNotes(provider: string) {
  const { language } = useLanguage();
  return useQuery({
    queryKey: ['notes', provider, language],
    queryFn: async () => notesIn(await pageOf(provider, language), noteTerms[language]),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

async function pageOf(provider: string, language: 'en' | 'zh'): Promise<string> {
  const page = language === 'zh' ? 'providers.zh-CN' : `providers/${provider}`;
  const text = (await pages[`../../../docs/reference/${page}.md`]?.()) ?? '';
  return language === 'zh' ? partOf(text, provider) : text;
}

function Notes({ notes }: { notes: readonly Note[] }) {
  return (
    <dl className={classes.notes}>
      {notes.map((note) => (
        <div key={note.text}>
          <dt>{note.term}</dt>
          <dd>
            <Text size="sm" component="span">
              <Written text={note.text} />
            </Text>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Written({ text }: { text: string }) {
  return piecesOf(text).map(({ kind, text }, index) => {
    const key = `${index} ${text}`;
    if (kind === 'code') return <code key={key}>{text}</code>;
    return kind === 'emphasis' ? <em key={key}>{text}</em> : <span key={key}>{text}</span>;
  });
}
