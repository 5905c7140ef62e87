import { Button, Checkbox, Select, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Order } from '../../../src/api/orders.ts';
import { accountsQuery } from '../../api/all-of.ts';
import { call, segment } from '../../api/call.ts';
import { AmountInput, useMinor } from '../../parts/amount-input.tsx';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { useMayAct } from '../../parts/may-act.ts';
import { useTexts } from '../../texts/texts.ts';
import { orderTexts } from './texts.ts';

/** A payment that a person saw at the platform and nothing else told (補單). The server asks the platform first. */
export function ConfirmPayment({ order }: { order: Order }) {
  const say = useTexts(orderTexts);
  const mayAct = useMayAct();
  const [isOpen, setIsOpen] = useState(false);
  if (!mayAct) return null;
  return (
    <>
      <Button variant="default" onClick={() => setIsOpen(true)}>
        {say('confirm')}
      </Button>
      {isOpen ? <ConfirmForm order={order} onClose={() => setIsOpen(false)} /> : null}
    </>
  );
}

function ConfirmForm({ order, onClose }: { order: Order; onClose: () => void }) {
  const say = useTexts(orderTexts);
  const { merchant, order_no: orderNo, expectation } = order;
  const accounts = (useQuery(accountsQuery).data ?? []).filter((one) => one.merchant === merchant);
  const toMinor = useMinor();
  const [account, setAccount] = useState<string | null>(null);
  const [operation, setOperation] = useState('');
  const [money, setMoney] = useState({ text: '', currency: expectation?.currency ?? 'CNY' });
  const [overrides, setOverrides] = useState(false);
  const minor = toMinor(money.text, money.currency);
  const body = {
    merchant,
    account,
    operation_id: operation.trim(),
    amount_minor: minor,
    currency: money.currency,
    override: overrides,
  };
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      size="lg"
      title={say('confirm')}
      confirm={say('confirm')}
      withNote
      disabled={account === null || body.operation_id === '' || minor === null}
      run={(note) => call<Order>('POST', `/v1/orders/${segment(orderNo)}/confirm`, { body: { ...body, note } })}
    >
      <Text size="sm">{say('confirm.text')}</Text>
      <Select
        label={say('confirm.account')}
        data={accounts.map(({ id, name, provider }) => ({ value: id, label: `${name} · ${provider}` }))}
        value={account}
        onChange={setAccount}
        required
      />
      <TextInput
        label={say('confirm.operation')}
        description={say('confirm.operation.hint')}
        value={operation}
        onChange={(event) => setOperation(event.currentTarget.value)}
        maxLength={128}
        required
      />
      <AmountInput
        {...money}
        onChange={setMoney}
        error={money.text !== '' && minor === null ? say('confirm.amount') : null}
      />
      <Checkbox
        label={say('confirm.override')}
        description={say('confirm.override.hint')}
        checked={overrides}
        onChange={(event) => setOverrides(event.currentTarget.checked)}
      />
    </ConfirmDialog>
  );
}
