import { Alert, Button, Checkbox, Group, Text, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { EndpointRow } from '../../../src/api/endpoint-view.ts';
import { call } from '../../api/call.ts';
import { sessionQuery } from '../../api/queries.ts';
import { Act } from '../../parts/act.tsx';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { Identifier } from '../../parts/identifier.tsx';
import { Section } from '../../parts/page.tsx';
import { commonTexts } from '../../texts/common.ts';
import { useTexts } from '../../texts/texts.ts';
import { endpointTexts } from './texts.ts';

interface UrlProps {
  endpoint: EndpointRow;
  path: string;
}

/** Where notifications go, and where they are to go instead. */
export function Url({ endpoint, path }: UrlProps) {
  const say = useTexts(endpointTexts);
  return (
    <Section title={say('url')} actions={<ChangeUrl endpoint={endpoint} path={path} />}>
      <Identifier text={endpoint.url} />
      <Change endpoint={endpoint} path={path} />
    </Section>
  );
}

function Change({ endpoint: { url, url_change: change }, path }: UrlProps) {
  const say = useTexts(endpointTexts);
  if (change === null) return null;
  const isWaiting = change.state === 'waiting';
  return (
    <Alert color={isWaiting ? 'blue' : 'orange'} variant="light" mt="sm" title={say(`change.${change.state}`)}>
      <Identifier text={change.url} />
      {change.failure === null ? null : <Text size="sm">{change.failure}</Text>}
      <Text size="xs" c="var(--soft)">
        {say('change.by', { name: change.asked_by, count: change.tries })}
      </Text>
      <Group gap="xs" mt="xs">
        <Act
          label={say('change.retry')}
          text={say('change.retry.text', { url: change.url })}
          path={`${path}/url/retry`}
        />
        <Act
          label={say('change.end')}
          text={say('change.end.text', { url })}
          path={path}
          method="PATCH"
          body={{ url }}
        />
      </Group>
    </Alert>
  );
}

function ChangeUrl({ endpoint, path }: UrlProps) {
  const say = useTexts(endpointTexts);
  const sayOften = useTexts(commonTexts);
  const { data: session } = useQuery(sessionQuery);
  const [isOpen, setIsOpen] = useState(false);
  const [url, setUrl] = useState('');
  const [isForced, setIsForced] = useState(false);
  const [note, setNote] = useState('');
  if (session === undefined || session.role === 'viewer') return null;
  const close = () => {
    setIsOpen(false);
    setUrl('');
    setIsForced(false);
    setNote('');
  };
  const body = { url: url.trim(), ...(isForced ? { force: true, note: note.trim() } : {}) };
  return (
    <>
      <Button size="xs" variant="default" onClick={() => setIsOpen(true)}>
        {say('change')}
      </Button>
      <ConfirmDialog
        opened={isOpen}
        onClose={close}
        title={say('change')}
        confirm={say('change')}
        disabled={url.trim() === '' || url.trim() === endpoint.url || (isForced && note.trim() === '')}
        run={() => call('PATCH', path, { body })}
      >
        <Text size="sm">{say('change.text')}</Text>
        <TextInput
          label={say('change.new')}
          type="url"
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
          placeholder={endpoint.url}
          data-autofocus
        />
        {session.role === 'admin' ? (
          <Checkbox
            label={say('change.force')}
            description={say('change.force.text')}
            checked={isForced}
            onChange={(event) => setIsForced(event.currentTarget.checked)}
          />
        ) : null}
        {isForced ? (
          <Textarea
            label={sayOften('note')}
            description={sayOften('noteHint')}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
            maxLength={1000}
            autosize
            minRows={2}
          />
        ) : null}
      </ConfirmDialog>
    </>
  );
}
