import type { MerchantId, OrderNo } from './domain/ids.ts';
import { Births, type Destination, fanOut } from './notify/fan-out.ts';
import { replayStep } from './notify/send-again.ts';
import { act } from './orders/act.ts';
import { answered } from './orders/answered.ts';
import { askNow, ring } from './orders/asks.ts';
import { agree, contradict } from './orders/contradict.ts';
import { expect } from './orders/expect.ts';
import { recordFacts } from './orders/record.ts';
import { refold } from './orders/refold.ts';
import { takeCallback } from './orders/take-callback.ts';
import { missedByStatement, takeStatement } from './orders/take-statement.ts';
import { fromOutboxText, toOutboxText } from './publish/outbox-text.ts';
import { publish } from './publish/publish.ts';
import type { ExpectInput, Program, PublishInput } from './stores/decisions.ts';
import type { Ledger } from './stores/ledger.ts';
import type { OutboxItem } from './stores/writes.ts';

/** Everything that is decided inside a store's transactions. Stores load this module where their transactions run. */
export const program: Program = {
  callback(ledger, input) {
    if (input.isRehearsal) ledger.undo();
    return takeCallback(ledger, input);
  },
  sight(ledger, input) {
    const births = new Births(input.born);
    const { merchant, source, withoutOrder, note, orderNo } = input;
    const named = orderNo === null ? null : ledger.orderByNo(merchant, orderNo);
    // Without an expectation nothing would be said of it: then it is parked money like any other.
    const order = named === null || named.expectations.length === 0 ? null : named.id;
    const told = { merchant, source, callback: null, at: ledger.now, withoutOrder, note, order };
    const { by, heard } = input;
    if (heard?.is === 'agrees') recordFacts(ledger, births, heard.facts, { ...told, source: 'query', note: null });
    recordFacts(ledger, births, input.facts, told);
    if (heard?.is === 'agrees') agree(ledger, births, heard.facts);
    if (heard?.is === 'contradicts' && order !== null)
      for (const fact of input.facts) contradict(ledger, births, order, { fact, why: heard.why });
    if (by !== null) {
      for (const { reference, paymentId } of input.facts) {
        ledger.addAction({ merchant, by, what: 'order.confirm', subject: orderNo ?? reference ?? paymentId, note });
      }
    }
    return births.effects;
  },
  expect: (ledger, input) => expect(ledger, input, new Births(input.born)),
  publish: (ledger, input) => publish(ledger, input, new Births(input.born)),
  ask: askNow,
  ring,
  replay: replayStep,
  statement: (ledger, input) => takeStatement(ledger, input, new Births(input.born)),
  missed: (ledger, input) => missedByStatement(ledger, input, new Births(input.born)),
  answered: (ledger, input) => answered(ledger, input, new Births(input.born)),
  act(ledger, input) {
    const births = new Births(input.born);
    const is = act(ledger, input, births);
    return { ...births.effects, is };
  },
  refold(ledger, input) {
    const births = new Births(input.born);
    const more = refold(ledger, births);
    return { ...births.effects, more };
  },
  outbox(ledger, input) {
    const births = new Births(input.born);
    const items = ledger.takeOutbox(input.setAside === undefined ? input.most : 1);
    for (const item of items) {
      if (input.setAside !== undefined) setAside(ledger, item, input.setAside);
      else if (item.is === 'effect') queueEffect(ledger, births, item);
      else applyRequest(ledger, births, item);
    }
    return { ...births.effects, taken: items.length };
  },
};

/** Whole, so that a person can still do what it asked for. */
function setAside(ledger: Ledger, item: OutboxItem, why: string): void {
  const [merchant, subject] = item.is === 'effect' ? [item.merchant, item.notification] : [null, 'outbox'];
  ledger.addAction({
    merchant,
    by: 'outbox',
    what: `${item.is}.set_aside`,
    subject,
    note: `${why}: ${toOutboxText(item)}`,
  });
}

/** What a user's transaction left behind. One that is refused now is kept as an action, for a person to see. */
function applyRequest(ledger: Ledger, births: Births, item: Exclude<OutboxItem, { is: 'effect' }>): void {
  const refused = (input: { merchant: MerchantId; orderNo: OrderNo }, note: string) => {
    const { merchant, orderNo: subject } = input;
    ledger.addAction({ merchant, by: 'outbox', what: `${item.is}.refused`, subject, note });
  };
  if (item.is === 'expect') {
    const input = fromOutboxText<Omit<ExpectInput, 'born'>>(item.input);
    const answer = expect(ledger, input, births);
    if (answer.is === 'refused') refused(input, answer.detail);
  } else {
    const input = fromOutboxText<Omit<PublishInput, 'born'>>(item.input);
    const answer = publish(ledger, input, births);
    if (answer.is === 'refused') refused(input, answer.detail);
  }
}

function queueEffect(ledger: Ledger, births: Births, item: Extract<OutboxItem, { is: 'effect' }>): void {
  const kept = ledger.notification(item.notification);
  const order = kept === null ? null : ledger.orderByNo(kept.notification.merchant, kept.notification.orderNo);
  if (kept === null || order === null) return;
  const effect = { key: `${item.notification}:${item.handler}:${item.name}`, payload: item.payload };
  const destination: Destination = { target: { kind: 'effect', name: item.name }, url: null, effect, held: false };
  fanOut(ledger, births, kept.notification, { order: order.id, destinations: [destination] });
}
