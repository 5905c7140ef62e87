import {
  Button,
  FileInput,
  Group,
  Input,
  Modal,
  SegmentedControl,
  Select,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { IconFileUpload } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { ReconciliationRow } from '../../../src/api/reconciliations.ts';
import { accountsQuery } from '../../api/all-of.ts';
import { call } from '../../api/call.ts';
import { FailureText } from '../../parts/states.tsx';
import { commonTexts } from '../../texts/common.ts';
import { useTexts } from '../../texts/texts.ts';
import { accountLabel } from './accounts.ts';
import { reconciliationsTexts } from './texts.ts';

interface StartDialogProps {
  opened: boolean;
  onClose: () => void;
  /** What is reconciled again. */
  given?: { account: string; date: string };
}

const dayMs = 86_400_000;

/** Asks for an account, a day and the bill, and leads to the reconciliation that begins. */
export function StartDialog({ opened, onClose, given }: StartDialogProps) {
  const say = useTexts(reconciliationsTexts);
  const common = useTexts(commonTexts);
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={<Text fw={600}>{say(given === undefined ? 'start' : 'again')}</Text>}
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      <StartForm onClose={onClose} {...(given === undefined ? {} : { given })} />
    </Modal>
  );
}

function StartForm({ onClose, given }: Omit<StartDialogProps, 'opened'>) {
  const say = useTexts(reconciliationsTexts);
  const common = useTexts(commonTexts);
  const navigate = useNavigate();
  const client = useQueryClient();
  const { data: all } = useQuery(accountsQuery);
  const [account, setAccount] = useState<string | null>(given?.account ?? null);
  const [day, setDay] = useState(given?.date ?? new Date(Date.now() - dayMs).toISOString().slice(0, 10));
  const [source, setSource] = useState('upload');
  const [file, setFile] = useState<File | null>(null);
  const [isTried, setIsTried] = useState(false);
  const accounts = all?.filter(({ statement_zone }) => statement_zone !== null) ?? [];
  const zone = accounts.find(({ id }) => id === account)?.statement_zone ?? null;
  const isMissing = account === null || day === '' || (source === 'upload' && file === null);
  const starting = useMutation({
    mutationFn: () =>
      call<ReconciliationRow>('POST', '/v1/reconciliations', {
        form: formOf({ account: account ?? '', date: day }, source === 'upload' ? file : null),
      }),
    async onSuccess({ id }) {
      onClose();
      await client.invalidateQueries();
      await navigate({ href: `/reconciliations/${id}` });
    },
  });
  return (
    <Stack
      component="form"
      onSubmit={(event) => {
        event.preventDefault();
        setIsTried(true);
        if (!isMissing) starting.mutate();
      }}
    >
      <Select
        label={say('start.account')}
        description={say(all !== undefined && accounts.length === 0 ? 'start.account.none' : 'start.account.hint')}
        data={accounts.map((one) => ({ value: one.id, label: accountLabel(one) }))}
        value={account}
        onChange={setAccount}
        searchable
        nothingFoundMessage={common('empty')}
      />
      <TextInput
        type="date"
        label={say('day')}
        description={zone === null ? say('start.day.hint.none') : say('start.day.hint', { zone })}
        value={day}
        onChange={(event) => setDay(event.currentTarget.value)}
      />
      <Input.Wrapper
        label={say('start.source')}
        labelElement="div"
        {...(source === 'fetch' ? { description: say('start.fetch.hint') } : {})}
        inputWrapperOrder={['label', 'input', 'description']}
      >
        <SegmentedControl
          fullWidth
          aria-label={say('start.source')}
          value={source}
          onChange={setSource}
          data={[
            { value: 'upload', label: say('start.upload') },
            { value: 'fetch', label: say('start.fetch') },
          ]}
        />
      </Input.Wrapper>
      {source === 'upload' ? (
        <FileInput
          label={say('start.file')}
          description={say('start.file.hint')}
          placeholder={say('start.file.choose')}
          leftSection={<IconFileUpload size={16} aria-hidden />}
          value={file}
          onChange={setFile}
        />
      ) : null}
      <Text size="sm" c="var(--soft)">
        {say('start.text')}
      </Text>
      {isTried && isMissing ? (
        <Text size="sm" c="var(--bad)" role="alert">
          {say('start.missing')}
        </Text>
      ) : null}
      {starting.error === null ? null : (
        <div role="alert">
          <FailureText error={starting.error} />
        </div>
      )}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          {common('cancel')}
        </Button>
        <Button type="submit" loading={starting.isPending}>
          {say('start')}
        </Button>
      </Group>
    </Stack>
  );
}

/** The API reads the fields first, and the file as it comes. */
function formOf(fields: Readonly<Record<string, string>>, file: File | null): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  if (file !== null) form.append('statement', file);
  return form;
}
