import { AppError } from '../domain/errors.ts';
import type { Fact } from '../domain/fact.ts';
import { limits } from '../domain/limits.ts';
import { moneyText } from '../domain/money.ts';
import type { ConfirmedOrder, ConfirmRequest, Hear, Heard } from '../orders/desk.ts';
import type { QueryAnswer, Reference } from '../providers/provider.ts';
import type { StoredOrder } from '../stores/kept.ts';
import { type AskWaiting, type AskWaitingDependencies, createAskWaiting } from './ask-waiting.ts';
import { paymentsOn } from './sweep.ts';

/** What the provider says of a payment that a person has seen. */
type Word =
  | { is: 'agrees'; fact: Fact; facts: readonly Fact[] }
  | { is: 'contradicts'; why: string }
  | { is: 'silent'; why: string }
  | { is: 'unaskable' };

/** What is to be recorded of a person's word, once the account's provider was asked about it. */
export function createHearing(deps: AskWaitingDependencies): Hear {
  const ask = createAskWaiting(deps);
  return (request, known) => heard(request, known, ask);
}

async function heard(request: ConfirmRequest, known: ConfirmedOrder, ask: AskWaiting): Promise<Heard> {
  const { merchant, orderNo, note, by, override } = request;
  const told = toldFact(request, known);
  const word = await wordOf(told, known, ask);
  if (word.is === 'contradicts' && !override) throw new AppError('order.confirm_contradicted', word.why);
  if (word.is === 'silent' && !override)
    throw new AppError('provider.unreachable', `${word.why}; override: true records the payment without its word`);
  const { withoutOrder } = known.account;
  const input = { merchant, source: 'manual', orderNo, withoutOrder, note, by } as const;
  switch (word.is) {
    case 'agrees':
      // The same fact as the provider's, so that both are sightings of one.
      return {
        ...input,
        facts: [{ ...word.fact, providerTime: known.now }],
        heard: { is: word.is, facts: word.facts },
        checked: true,
      };
    case 'contradicts':
      return { ...input, facts: [told], heard: { is: word.is, why: `${by} says ${word.why}` }, checked: true };
    default:
      return { ...input, facts: [told], checked: false };
  }
}

async function wordOf(told: Fact, { order, facts, account }: ConfirmedOrder, ask: AskWaiting): Promise<Word> {
  const own = order.references.filter((one) => one.account === null || one.account === account.id);
  const references = [
    { reference: null, paymentId: told.operationId },
    ...paymentsOn(account.id, facts),
    ...own.map(({ reference }): Reference => ({ reference, paymentId: null })),
  ].slice(0, limits.askReferencesMax);
  const agreeing = ({ facts: found }: QueryAnswer) => found.find((fact) => isSame(fact, told) && isOurs(fact, own));
  try {
    const answers = await ask(account, references, (answer) => agreeing(answer) !== undefined);
    const last = answers.at(-1);
    const fact = last === undefined ? undefined : agreeing(last);
    if (last !== undefined && fact !== undefined && !isReversed(last, fact))
      return { is: 'agrees', fact, facts: last.facts };
    const saw = `payment ${told.operationId} of ${moneyOf(told)} was made; ${account.provider} says: ${saidIn(answers)}`;
    return { is: 'contradicts', why: saw };
  } catch (error) {
    // The message of anything else may quote a secret.
    if (!(error instanceof AppError)) return { is: 'silent', why: `the client of ${account.provider} failed` };
    return error.code === 'provider.cannot_ask' ? { is: 'unaskable' } : { is: 'silent', why: error.detail };
  }
}

function isSame(fact: Fact, { operationId, amountMinor, currency }: Fact): boolean {
  const isPayment = fact.kind === 'captured' && (fact.operationId === operationId || fact.paymentId === operationId);
  return isPayment && fact.amountMinor === amountMinor && fact.currency === currency;
}

/** The payment of another order says nothing for this one. */
function isOurs({ reference }: Fact, own: StoredOrder['references']): boolean {
  return reference === null || own.some((one) => one.reference === reference);
}

function isReversed({ facts }: QueryAnswer, { operationId }: Fact): boolean {
  return facts.some((fact) => fact.kind === 'reversed' && fact.operationId === operationId);
}

function saidIn(answers: readonly QueryAnswer[]): string {
  const told = answers.flatMap(({ facts }) => facts.map(factText));
  const states = answers.filter(({ facts }) => facts.length === 0).map(({ state }) => state.replace('_', ' '));
  return [...new Set(told.length > 0 ? told : states)].join(', ');
}

function factText(fact: Fact): string {
  const reference = fact.reference === null ? '' : `, order number ${fact.reference}`;
  return `${fact.kind.replaceAll('_', ' ')} ${moneyOf(fact)} (payment ${fact.paymentId}${reference})`;
}

function moneyOf({ amountMinor, currency }: Fact): string {
  return amountMinor === null || currency === null ? 'no amount' : moneyText(amountMinor, currency);
}

/** The fact that the provider's own word would make, so that both are one when it comes after all. */
function toldFact(told: ConfirmRequest, { order, account: { provider }, now }: ConfirmedOrder): Fact {
  const echoed = order.references.find(({ account }) => account === null || account === told.account);
  const scopedByReference = provider === 'hmac' || provider === 'standard';
  return {
    account: told.account,
    kind: 'captured',
    paymentId: told.operationId,
    operationId: told.operationId,
    reference: echoed?.reference ?? told.orderNo,
    amountMinor: told.amountMinor,
    currency: told.currency,
    fromOrder: false,
    measure: 'single',
    ...(scopedByReference ? { scopedByReference: true } : {}),
    providerTime: now,
  };
}
