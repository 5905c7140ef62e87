import { Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { AccountAnswer } from '../../../src/api/accounts.ts';
import type { CallbackDetail } from '../../../src/api/callbacks.ts';
import { call, segment } from '../../api/call.ts';
import { readQuery } from '../../api/queries.ts';
import { Act } from '../../parts/act.tsx';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import classes from '../../parts/credentials/credentials.module.css';
import { Instructions } from '../../parts/credentials/instructions.tsx';
import { SecretsSection } from '../../parts/credentials/secrets-section.tsx';
import { useProviderName } from '../../parts/credentials/words.ts';
import { Identifier } from '../../parts/identifier.tsx';
import { InnerLink } from '../../parts/link.tsx';
import type { Column } from '../../parts/list.tsx';
import { useMayAct } from '../../parts/may-act.ts';
import { MerchantLink } from '../../parts/merchant.tsx';
import { Details, Page, Section } from '../../parts/page.tsx';
import { Recent } from '../../parts/recent.tsx';
import { Loaded } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { useSentence } from '../../texts/use-sentence.ts';
import { Mode } from './account-rows.tsx';
import { accountTexts } from './texts.ts';

export function AccountPage() {
  const say = useTexts(accountTexts);
  const nameOf = useProviderName();
  const navigate = useNavigate();
  const { account: id = '' } = useParams({ strict: false });
  const path = `/v1/accounts/${segment(id)}`;
  const query = useQuery(readQuery<AccountAnswer>(path));
  const account = query.data;
  const title = account === undefined ? say('title') : account.name === '' ? nameOf(account.provider) : account.name;
  return (
    <Page
      title={title}
      lead={
        account === undefined ? (
          say('lead')
        ) : (
          <Group gap="xs">
            <InnerLink href="/accounts">{say('back')}</InnerLink>
            <span>·</span>
            <MerchantLink id={account.merchant} />
            <span>·</span>
            <span>{nameOf(account.provider)}</span>
            <Mode mode={account.mode} />
          </Group>
        )
      }
      actions={
        account === undefined ? null : (
          <>
            <EditAccount account={account} path={path} />
            <Act
              label={say('remove')}
              text={say('remove.text')}
              path={path}
              method="DELETE"
              danger
              look="page"
              onDone={() => navigate({ to: '/accounts' })}
            />
          </>
        )
      }
    >
      <Loaded query={query} lines={12}>
        {(account) => (
          <div className={classes.beside}>
            <Stack gap="md">
              <CallbackUrl url={account.callback_url} />
              <Settings account={account} />
              <SecretsSection
                title={say('secrets')}
                provider={account.provider}
                side="account"
                mode={account.mode}
                path={path}
                secrets={account.secrets}
              />
              <RecentCallbacks account={account.id} />
            </Stack>
            <Instructions provider={account.provider} />
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function CallbackUrl({ url }: { url: string }) {
  const say = useTexts(accountTexts);
  return (
    <Section title={say('callback')}>
      <Identifier text={url} />
      <Text size="sm" c="var(--soft)" mt={4}>
        {say('callback.text')}
      </Text>
    </Section>
  );
}

function Settings({ account }: { account: AccountAnswer }) {
  const say = useTexts(accountTexts);
  const told = (title: string, text: string) => (
    <>
      {title}
      <Text size="xs" c="var(--soft)">
        {text}
      </Text>
    </>
  );
  const { acknowledge, without_order: withoutOrder } = account;
  return (
    <Section title={say('settings')}>
      <Details
        items={[
          [say('acknowledge'), told(say(acknowledge), say(`${acknowledge}.text`))],
          [say('without_order'), told(say(withoutOrder), say(`${withoutOrder}.text`))],
          ['ID', <Identifier key="id" text={account.id} short />],
          [say('made'), <Time key="made" at={account.created_at} form="full" />],
        ]}
      />
    </Section>
  );
}

function EditAccount({ account, path }: { account: AccountAnswer; path: string }) {
  const say = useTexts(accountTexts);
  const mayAct = useMayAct();
  const [isOpen, setIsOpen] = useState(false);
  const [name, setName] = useState('');
  const [mode, setMode] = useState(account.mode);
  const [acknowledge, setAcknowledge] = useState(account.acknowledge);
  const [withoutOrder, setWithoutOrder] = useState(account.without_order);
  if (!mayAct) return null;
  const open = () => {
    setName(account.name);
    setMode(account.mode);
    setAcknowledge(account.acknowledge);
    setWithoutOrder(account.without_order);
    setIsOpen(true);
  };
  const body = {
    ...(name.trim() === '' ? {} : { name: name.trim() }),
    ...(mode === account.mode ? {} : { mode }),
    acknowledge,
    without_order: withoutOrder,
  };
  return (
    <>
      <Button variant="default" onClick={open}>
        {say('edit')}
      </Button>
      <ConfirmDialog
        opened={isOpen}
        onClose={() => setIsOpen(false)}
        title={say('edit')}
        confirm={say('save')}
        run={() => call('PATCH', path, { body })}
      >
        <TextInput
          label={say('name')}
          description={say('name.hint')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={200}
        />
        <Choice
          label={say('mode')}
          value={mode}
          choices={['live', 'test']}
          onChange={setMode}
          text={say(`mode.${mode}`)}
        />
        <Choice
          label={say('acknowledge')}
          value={acknowledge}
          choices={['after_commit', 'after_handling']}
          onChange={setAcknowledge}
          text={say(`${acknowledge}.text`)}
        />
        <Choice
          label={say('without_order')}
          value={withoutOrder}
          choices={['park', 'accept']}
          onChange={setWithoutOrder}
          text={say(`${withoutOrder}.text`)}
        />
      </ConfirmDialog>
    </>
  );
}

interface ChoiceProps<Value extends string> {
  label: string;
  text: string;
  value: Value;
  choices: readonly Value[];
  onChange: (value: Value) => void;
}

function Choice<Value extends keyof typeof accountTexts.en>(props: ChoiceProps<Value>) {
  const { label, text, value, choices, onChange } = props;
  const say = useTexts(accountTexts);
  return (
    <Select
      label={label}
      description={text}
      data={choices.map((one) => ({ value: one, label: say(one) }))}
      value={value}
      onChange={(next) => onChange(choices.find((one) => one === next) ?? value)}
      allowDeselect={false}
    />
  );
}

function RecentCallbacks({ account }: { account: string }) {
  const say = useTexts(accountTexts);
  const sentence = useSentence();
  const columns: Column<Omit<CallbackDetail, 'headers' | 'body'>>[] = [
    { name: 'received', header: say('received'), cell: (row) => <Time at={row.received_at} /> },
    { name: 'verdict', header: say('verdict'), cell: (row) => <StatusBadge area="verdict" value={row.verdict} /> },
    { name: 'reason', header: say('reason'), cell: (row) => sentence(row.reason ?? row.code ?? '') },
  ];
  return (
    <Recent
      title={say('recent')}
      all={say('all')}
      to="/callbacks"
      path="/v1/callbacks"
      filter={{ account }}
      limit={5}
      columns={columns}
      none={{ title: say('recent.none'), text: say('recent.none.text') }}
    />
  );
}
