import { Button, Checkbox, Group, Select, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { AccountRow } from '../../../src/api/accounts.ts';
import { accountsQuery } from '../../api/all-of.ts';
import { type CallError, call, segment } from '../../api/call.ts';
import { AmountInput, useMinor } from '../../parts/amount-input.tsx';
import { Failure, Loading, Refused } from '../../parts/states.tsx';
import { useTexts } from '../../texts/texts.ts';
import { FaultsFields } from './faults-fields.tsx';
import { MissingAccount } from './missing-account.tsx';
import { type Faults, noFaults, type Played, playedQuery, scenarioNames } from './sandbox-api.ts';
import { sandboxTexts } from './texts.ts';

const elsewhere = 'elsewhere';
const speeds = [1, 10, 100, 1000] as const;

/** What is to be played, and where to. */
export function PlayForm({ isScenario }: { isScenario: boolean }) {
  const played = useQuery(playedQuery);
  const accounts = useQuery(accountsQuery);
  const error = played.error ?? accounts.error;
  if (error !== null) return <Failure error={error} />;
  if (played.data === undefined || accounts.data === undefined) return <Loading lines={6} />;
  // The sandbox's own have the provider's side of the keys.
  const ours = accounts.data.filter(({ merchant }) => merchant !== 'sandbox');
  return <Fields isScenario={isScenario} providers={played.data.data} accounts={ours} />;
}

interface FieldsProps {
  isScenario: boolean;
  providers: readonly Played[];
  accounts: readonly AccountRow[];
}

function Fields({ isScenario, providers, accounts }: FieldsProps) {
  const say = useTexts(sandboxTexts);
  const form = usePlay({ isScenario, providers, accounts });
  const { given, change, played, offered, to, playing } = form;
  return (
    <Stack
      component="form"
      onSubmit={(event) => {
        event.preventDefault();
        form.submit();
      }}
    >
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
        <Where form={form} providers={providers} />
        <What form={form} isScenario={isScenario} />
      </SimpleGrid>
      {offered.length === 0 ? <MissingAccount provider={given.provider} onMade={(id) => change({ to: id })} /> : null}
      {to === elsewhere ? null : (
        <Checkbox
          label={say('expect')}
          description={say('expect.hint')}
          checked={given.isExpected}
          onChange={(event) => change({ isExpected: event.currentTarget.checked })}
        />
      )}
      <FaultsFields
        isScenario={isScenario}
        faults={given.faults}
        seed={given.seed}
        oddities={played?.oddities ?? []}
        change={change}
      />
      <Refused error={playing.error} />
      <Group>
        <Button type="submit" loading={playing.isPending}>
          {say(isScenario ? 'play' : 'open')}
        </Button>
        <Text size="sm" c="var(--soft)">
          {say(isScenario ? 'play.hint' : 'open.hint')}
        </Text>
      </Group>
    </Stack>
  );
}

type Form = ReturnType<typeof usePlay>;

/** In whose format, and where to. */
function Where({ form, providers }: { form: Form; providers: readonly Played[] }) {
  const say = useTexts(sandboxTexts);
  const { given, change, offered, to } = form;
  const ours = offered.map(({ id, merchant, name }) => ({
    value: id,
    label: `${merchant} · ${name || `…${id.slice(-6)}`}`,
  }));
  return (
    <>
      <Select
        label={say('provider')}
        data={providers.map(({ name }) => name)}
        value={given.provider}
        onChange={(provider) => change({ provider: provider ?? given.provider, to: null })}
        allowDeselect={false}
        searchable
      />
      <Select
        label={say('to')}
        data={[...ours, { value: elsewhere, label: say('elsewhere') }]}
        value={to}
        onChange={(value) => change({ to: value })}
        allowDeselect={false}
      />
      {to === elsewhere ? (
        <TextInput
          type="url"
          label={say('notifyUrl')}
          value={given.notifyUrl}
          onChange={(event) => change({ notifyUrl: event.currentTarget.value })}
          required
        />
      ) : null}
    </>
  );
}

/** Which order, how much, how fast. */
function What({ form, isScenario }: { form: Form; isScenario: boolean }) {
  const say = useTexts(sandboxTexts);
  const { given, change, played, isAmountWrong } = form;
  return (
    <>
      {isScenario ? (
        <Select
          label={say('scenario')}
          data={scenarioNames.map((value) => ({ value, label: say(`scenario.${value}`) }))}
          value={given.scenario}
          onChange={(value) => change({ scenario: scenarioNames.find((one) => one === value) ?? given.scenario })}
          allowDeselect={false}
        />
      ) : null}
      <TextInput
        label={say('order')}
        value={given.orderNo}
        onChange={(event) => change({ orderNo: event.currentTarget.value })}
        required
        maxLength={128}
        spellCheck={false}
      />
      <AmountInput
        text={given.text}
        currency={given.currency}
        currencies={played?.currencies ?? null}
        onChange={change}
        error={isAmountWrong ? say('amount.wrong') : null}
      />
      <Select
        label={say('speed')}
        data={speeds.map((speed) => ({
          value: String(speed),
          label: say(speed === 1 ? 'speed.real' : 'speed.times', { speed }),
        }))}
        value={String(given.timeScale)}
        onChange={(value) => change({ timeScale: Number(value ?? 1) })}
        allowDeselect={false}
      />
    </>
  );
}

interface Given {
  provider: string;
  /** An account's id; null: the first that fits. */
  to: string | null;
  notifyUrl: string;
  scenario: (typeof scenarioNames)[number];
  orderNo: string;
  text: string;
  currency: string;
  timeScale: number;
  isExpected: boolean;
  faults: Faults;
  seed: string;
}

/** What was filled in, and how it is begun. */
function usePlay({ isScenario, providers, accounts }: FieldsProps) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const minorOf = useMinor();
  const [given, setGiven] = useState<Given>(() => ({
    provider: accounts[0]?.provider ?? providers[0]?.name ?? 'hmac',
    to: accounts[0]?.id ?? null,
    notifyUrl: '',
    scenario: 'paid',
    orderNo: `SB-${Date.now().toString(36).toUpperCase()}`,
    text: '88.80',
    currency: 'CNY',
    timeScale: 1,
    isExpected: true,
    faults: noFaults,
    seed: '',
  }));
  const [isTried, setIsTried] = useState(false);
  const played = providers.find(({ name }) => name === given.provider);
  const offered = accounts.filter(({ provider }) => provider === given.provider);
  const to = given.to ?? offered[0]?.id ?? elsewhere;
  const account = offered.find(({ id }) => id === to);
  const minor = minorOf(given.text, given.currency);
  const change = (change: Partial<Given>) => {
    const next = { ...given, ...change };
    const currencies = providers.find(({ name }) => name === next.provider)?.currencies ?? null;
    if (currencies?.includes(next.currency) === false) next.currency = currencies[0] ?? next.currency;
    setGiven(next);
  };
  const playing = useMutation<{ id: string }, CallError>({
    mutationFn: async () => {
      const amount = { amount_minor: minor, currency: given.currency };
      if (given.isExpected && account !== undefined) {
        const order = { merchant: account.merchant, ...amount };
        await call('PUT', `/v1/orders/${segment(given.orderNo)}`, { body: order });
      }
      const where = account === undefined ? { notify_url: given.notifyUrl } : addressed(account, isScenario);
      const shared = { provider: given.provider, order_no: given.orderNo, ...amount, ...where, faults: given.faults };
      const rest = { time_scale: given.timeScale, ...(given.seed === '' ? {} : { seed: given.seed }) };
      const path = isScenario ? '/sandbox/scenarios' : '/sandbox/payments';
      const body = { ...shared, ...rest, ...(isScenario ? { scenario: given.scenario } : {}) };
      return call('POST', path, { body });
    },
    onSuccess: async ({ id }) => {
      void client.invalidateQueries();
      await navigate({ href: `/sandbox/${id}` });
    },
  });
  const submit = () => {
    setIsTried(true);
    if (minor !== null) playing.mutate();
  };
  return { given, change, played, offered, to, playing, submit, isAmountWrong: isTried && minor === null };
}

/** A payment knows its account; a scenario only an address. */
function addressed({ id, callback_url: url }: AccountRow, isScenario: boolean) {
  return isScenario ? { notify_url: url } : { account: id };
}
