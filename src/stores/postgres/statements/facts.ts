import { parkedKey } from '../../../domain/discrepancy.ts';
import type { Source } from '../../../domain/fact.ts';
import { asId, bucketOf, bucketOfId } from '../../../domain/ids.ts';
import type { StoredFact } from '../../kept.ts';
import { factOf, number, sourceOf, text } from '../../mapping.ts';
import type { FactRow, Rows, SightingRow } from '../../work/rows.ts';
import type { Image, ImageRow } from '../image.ts';
import { Table } from '../table.ts';

export const awaitedReferences = new Table({
  name: 'awaited_references',
  columns: {
    bucket: 'smallint',
    merchant: 'text',
    reference: 'text',
    account: 'text',
    payment_key: 'text',
    since: 'bigint',
  },
  key: ['merchant', 'reference', 'account', 'payment_key'],
  onConflict: 'do nothing',
});

export const awaitedByName = awaitedReferences.lookup({
  name: 'name',
  columns: ['merchant', 'reference'],
  index: 'awaited_references_pkey',
  lockName: (parts) => `reference ${parts.join(' ')}`,
});

export const paymentLinks = new Table({
  name: 'payment_links',
  columns: { bucket: 'smallint', payment_key: 'text', order_id: 'text' },
  key: ['payment_key'],
  onConflict: 'do nothing',
});

export const linksByPayment = paymentLinks.lookup({
  name: 'payment',
  columns: ['payment_key'],
  index: 'payment_links_pkey',
  lockName: (parts) => `payment ${parts.join(' ')}`,
});

export const facts = new Table({
  name: 'facts',
  columns: {
    bucket: 'smallint',
    key: 'text',
    id: 'text',
    merchant: 'text',
    order_id: 'text',
    account: 'text',
    kind: 'text',
    payment_id: 'text',
    operation_id: 'text',
    reference: 'text',
    group_id: 'text',
    payee: 'text',
    amount_minor: 'bigint',
    currency: 'text',
    from_order: 'boolean',
    measure: 'text',
    needs_person: 'boolean',
    operation_id_missing: 'boolean',
    scoped_by_reference: 'boolean',
    provider_time: 'bigint',
    source: 'text',
    payment_key: 'text',
    recorded_at: 'bigint',
    told: 'boolean',
  },
  key: ['key'],
  mutable: ['order_id', 'provider_time', 'source', 'told'],
  hasSeq: true,
});

export const factsByKey = facts.lookup({ name: 'key', columns: ['key'], index: 'facts_pkey' });

export const factsOfOrder = facts.lookup({
  name: 'order',
  columns: ['order_id'],
  index: 'facts_order',
  where: { sql: 't.order_id is not null', holds: (values) => values.order_id !== null },
});

export const parkedFactsOfPayment = facts.lookup({
  name: 'payment',
  columns: ['payment_key'],
  index: 'facts_parked_payment',
  where: { sql: 't.order_id is null', holds: (values) => values.order_id === null },
  lockName: (parts) => `payment ${parts.join(' ')}`,
});

export const sightings = new Table({
  name: 'sightings',
  columns: {
    bucket: 'smallint',
    fact: 'text',
    source: 'text',
    callback: 'text',
    at: 'bigint',
    provider_time: 'bigint',
    note: 'text',
  },
  key: ['fact', 'at', 'source', 'callback'],
});

export const sightingsOfFact = sightings.lookup({ name: 'fact', columns: ['fact'], index: 'sightings_pkey' });

type FactRows = Pick<
  Rows,
  | 'hasReadFacts'
  | 'factByKey'
  | 'insertFact'
  | 'insertFirstSighting'
  | 'insertNextSighting'
  | 'firstSourceOf'
  | 'setFactSource'
  | 'setFactOrder'
  | 'setFactTold'
  | 'parkedFactsOfPayment'
  | 'factsOfOrder'
  | 'untoldParkedFacts'
  | 'insertAwaitedReference'
  | 'paymentsAwaiting'
  | 'orderOfPayment'
  | 'insertPaymentLink'
>;

export function factRows(image: Image): FactRows {
  const insertSighting = (fact: number, sighting: SightingRow) => {
    const { bucket = 0, id = null } = image.row(fact).values;
    const { source, callback, at, providerTime, note } = sighting;
    image.add(sightings, { bucket, fact: id, source, callback, at, provider_time: providerTime, note });
  };
  return {
    hasReadFacts(keys) {
      const unknown = keys.filter((key) => !image.knows(factsByKey, key));
      for (const key of unknown) image.find(factsByKey, key);
      return unknown.length === 0;
    },
    factByKey(key) {
      const found = image.one(factsByKey, key);
      return found === null ? null : factRow(found);
    },
    insertFact(fact, key, paymentKey) {
      image.fresh(parkedKey(fact.id));
      return image.add(facts, valuesOf(fact, key, paymentKey)).row;
    },
    insertFirstSighting: insertSighting,
    insertNextSighting: insertSighting,
    firstSourceOf: (fact) => firstSourceOf(image, text(image.row(fact).values, 'id')),
    setFactSource: (fact, source, providerTime) =>
      image.change(image.row(fact), { source, provider_time: providerTime }),
    setFactOrder: (fact, order) => image.change(image.row(fact), { order_id: order }),
    setFactTold: (fact) => image.change(image.row(fact), { told: 1 }),
    parkedFactsOfPayment: (paymentKey) => image.find(parkedFactsOfPayment, paymentKey).map(factRow),
    factsOfOrder: (order) => image.find(factsOfOrder, order).map(factRow),
    untoldParkedFacts: (recordedBefore, most) => untoldParkedFacts(image, recordedBefore, most),
    ...linkRows(image),
  };
}

/** Those of one moment are of one message, and from one source. */
function firstSourceOf(image: Image, fact: string): Source | null {
  const [first] = image
    .find(sightingsOfFact, fact)
    .toSorted((one, other) => number(one.values, 'at') - number(other.values, 'at'));
  return first === undefined ? null : sourceOf(first.values);
}

type LinkRows = Pick<Rows, 'insertAwaitedReference' | 'paymentsAwaiting' | 'orderOfPayment' | 'insertPaymentLink'>;

function linkRows(image: Image): LinkRows {
  return {
    insertAwaitedReference({ merchant, reference, account, payment, since }) {
      const values = { bucket: bucketOf(merchant), merchant, reference, account, payment_key: payment, since };
      if (image.existing(awaitedReferences, values) === null) image.add(awaitedReferences, values);
    },
    paymentsAwaiting: (merchant, reference, account) =>
      image
        .find(awaitedByName, merchant, reference)
        .filter(({ values }) => account === null || values.account === account)
        .map(({ values }) => text(values, 'payment_key'))
        .sort(),
    orderOfPayment(paymentKey) {
      const link = image.one(linksByPayment, paymentKey);
      return link === null ? null : asId.order(text(link.values, 'order_id'));
    },
    insertPaymentLink(paymentKey, order) {
      if (image.one(linksByPayment, paymentKey) === null)
        image.add(paymentLinks, { bucket: bucketOfId(order) ?? 0, payment_key: paymentKey, order_id: order });
    },
  };
}

function factRow({ row, values }: ImageRow): FactRow {
  return { row, fact: factOf(values) };
}

function valuesOf(fact: StoredFact, key: string, paymentKey: string) {
  return {
    bucket: bucketOf(fact.merchant),
    key,
    id: fact.id,
    merchant: fact.merchant,
    order_id: fact.order,
    account: fact.account,
    kind: fact.kind,
    payment_id: fact.paymentId,
    operation_id: fact.operationId,
    reference: fact.reference,
    group_id: fact.groupId ?? null,
    payee: fact.payee ?? null,
    amount_minor: fact.amountMinor === null ? null : String(fact.amountMinor),
    currency: fact.currency,
    from_order: fact.fromOrder ? 1 : 0,
    measure: fact.measure,
    needs_person: fact.needsPerson ? 1 : 0,
    operation_id_missing: fact.operationIdMissing ? 1 : 0,
    scoped_by_reference: fact.scopedByReference ? 1 : 0,
    provider_time: fact.providerTime,
    source: fact.source,
    payment_key: paymentKey,
    recorded_at: fact.recordedAt,
    told: 0,
  };
}

/** Read again under the locks of their payments: one may find its order at this moment, and then nobody is to be told. */
function untoldParkedFacts(image: Image, recordedBefore: number, most: number): readonly FactRow[] {
  const found = image.answer(`untold ${recordedBefore} ${most}`, (session) =>
    // In the order of the index.
    session.all(
      `/* facts_parked_untold (recorded_at) */ select key, payment_key from paidonce.facts where order_id is null and not told and recorded_at < $1
       order by recorded_at limit $2`,
      recordedBefore,
      most,
    ),
  );
  return (found ?? [])
    .flatMap(({ key, payment_key: payment }) =>
      image.find(parkedFactsOfPayment, String(payment)).filter(({ values }) => values.key === key),
    )
    .filter(({ values }) => values.told === 0)
    .map(factRow);
}
