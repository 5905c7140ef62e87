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
import { Refused } from '../../parts/states.tsx';
import { commonTexts } from '../../texts/common.ts';
import { useTexts } from '../../texts/texts.ts';
import { accountLabel } from './accounts.ts';
import { reconciliationsTexts } from './texts.ts';

interface Given {
  account: string;
  date: string;
}

interface StartDialogProps {
  opened: boolean;
  onClose: () => void;
  /** What is reconciled again. */
  given?: Given;
}

/** What a person has chosen so far. `file` null: the bill is fetched, or none was chosen yet. */
interface Wanted {
  account: string | null;
  date: string;
  source: 'upload' | 'fetch';
  file: File | null;
  /** As typed: percent, and minor units; both may be left empty. */
  rate: string;
  fixed: string;
}

interface FieldsProps {
  wanted: Wanted;
  change: (part: Partial<Wanted>) => void;
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
  const yesterday = new Date(Date.now() - dayMs).toISOString().slice(0, 10);
  const [wanted, setWanted] = useState<Wanted>({
    ...{ account: null, date: yesterday, ...given },
    ...{ source: 'upload', file: null, rate: '', fixed: '' },
  });
  const [isTried, setIsTried] = useState(false);
  const starting = useStarting(onClose);
  const form = formOf(wanted);
  const change = (part: Partial<Wanted>) => setWanted({ ...wanted, ...part });
  return (
    <Stack
      component="form"
      onSubmit={(event) => {
        event.preventDefault();
        setIsTried(true);
        if (form !== null) starting.mutate(form);
      }}
    >
      <AccountAndDay wanted={wanted} change={change} />
      <Bill wanted={wanted} change={change} />
      <Fee wanted={wanted} change={change} />
      <Text size="sm" c="var(--soft)">
        {say('start.text')}
      </Text>
      {isTried && form === null ? (
        <Text size="sm" c="var(--bad)" role="alert">
          {say('start.missing')}
        </Text>
      ) : null}
      <Refused error={starting.error} />
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

function useStarting(onClose: () => void) {
  const navigate = useNavigate();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (form: FormData) => call<ReconciliationRow>('POST', '/v1/reconciliations', { form }),
    async onSuccess({ id }) {
      onClose();
      await client.invalidateQueries();
      await navigate({ href: `/reconciliations/${id}` });
    },
  });
}

function AccountAndDay({ wanted, change }: FieldsProps) {
  const say = useTexts(reconciliationsTexts);
  const common = useTexts(commonTexts);
  const { data: all } = useQuery(accountsQuery);
  const accounts = all?.filter(({ statement_zone }) => statement_zone !== null) ?? [];
  const zone = accounts.find(({ id }) => id === wanted.account)?.statement_zone ?? null;
  return (
    <>
      <Select
        label={say('start.account')}
        description={say(all !== undefined && accounts.length === 0 ? 'start.account.none' : 'start.account.hint')}
        data={accounts.map((one) => ({ value: one.id, label: accountLabel(one) }))}
        value={wanted.account}
        onChange={(account) => change({ account })}
        searchable
        nothingFoundMessage={common('empty')}
      />
      <TextInput
        type="date"
        label={say('day')}
        description={zone === null ? say('start.day.hint.none') : say('start.day.hint', { zone })}
        value={wanted.date}
        onChange={(event) => change({ date: event.currentTarget.value })}
      />
    </>
  );
}

function Bill({ wanted, change }: FieldsProps) {
  const say = useTexts(reconciliationsTexts);
  const isFetched = wanted.source === 'fetch';
  return (
    <>
      <Input.Wrapper
        label={say('start.source')}
        labelElement="div"
        {...(isFetched ? { description: say('start.fetch.hint') } : {})}
        inputWrapperOrder={['label', 'input', 'description']}
      >
        <SegmentedControl
          fullWidth
          aria-label={say('start.source')}
          value={wanted.source}
          onChange={(source) => change({ source })}
          data={[
            { value: 'upload', label: say('start.upload') },
            { value: 'fetch', label: say('start.fetch') },
          ]}
        />
      </Input.Wrapper>
      {isFetched ? null : (
        <FileInput
          label={say('start.file')}
          description={say('start.file.hint')}
          placeholder={say('start.file.choose')}
          leftSection={<IconFileUpload size={16} aria-hidden />}
          value={wanted.file}
          onChange={(file) => change({ file })}
        />
      )}
    </>
  );
}

function Fee({ wanted: { rate, fixed }, change }: FieldsProps) {
  const say = useTexts(reconciliationsTexts);
  return (
    <div>
      <Group grow gap="sm" align="flex-start">
        <TextInput
          label={say('start.rate')}
          placeholder="0.6"
          inputMode="decimal"
          value={rate}
          onChange={(event) => change({ rate: event.currentTarget.value.trim() })}
          error={shareIn(rate) === null ? say('start.rate.wrong') : null}
        />
        <TextInput
          label={say('start.fixed')}
          placeholder="30"
          inputMode="numeric"
          value={fixed}
          onChange={(event) => change({ fixed: event.currentTarget.value.trim() })}
          error={isWhole(fixed) ? null : say('start.fixed.wrong')}
        />
      </Group>
      <Text size="xs" c="var(--soft)" mt={4}>
        {say('start.fee.hint')}
      </Text>
    </div>
  );
}

/** A percentage as a share, digit by digit: `0.6` is `0.006000`. Empty stays empty; null: it is none. */
function shareIn(percent: string): string | null {
  if (percent === '') return '';
  const [, whole = '', digits = ''] = /^(\d{1,2})(?:[.,](\d{1,4}))?$/.exec(percent) ?? [];
  return whole === '' ? null : `0.${whole.padStart(2, '0')}${digits.padEnd(4, '0')}`;
}

function isWhole(text: string): boolean {
  return /^\d{0,12}$/.test(text);
}

/** Null while something is missing, or wrong. The API reads the fields first, and the file as it comes. */
function formOf({ account, date, source, file, rate, fixed }: Wanted): FormData | null {
  const share = shareIn(rate);
  if (share === null || !isWhole(fixed)) return null;
  if (account === null || date === '' || (source === 'upload' && file === null)) return null;
  const form = new FormData();
  form.append('account', account);
  form.append('date', date);
  if (share !== '') form.append('fee_rate', share);
  if (fixed !== '') form.append('fee_fixed_minor', fixed);
  if (source === 'upload' && file !== null) form.append('statement', file);
  return form;
}
