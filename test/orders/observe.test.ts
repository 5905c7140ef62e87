import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { asId, merchantId, randomBytesOf } from '../../src/domain/ids.ts';
import { Births } from '../../src/notify/fan-out.ts';
import { act } from '../../src/orders/act.ts';
import { expect as expectOrder } from '../../src/orders/expect.ts';
import { closeObserved, type Observation, openObserved } from '../../src/orders/observe.ts';
import { settle } from '../../src/orders/settle.ts';
import { openDatabase } from '../../src/stores/sqlite/open-database.ts';
import { migrations } from '../../src/stores/sqlite/schema.ts';
import { rowsOn } from '../../src/stores/sqlite/statements/statements.ts';
import { Directory } from '../../src/stores/work/directory.ts';
import { RowLedger } from '../../src/stores/work/row-ledger.ts';
import { Unit } from '../../src/stores/work/unit.ts';
import { expectInput, node, temporaryFolder } from '../stores/support.ts';

const shop = merchantId('shop');
const births = new Births(null);
const contradiction: Observation = {
  kind: 'query_contradicts',
  subject: ['P1'],
  amountMinor: 8880n,
  currency: 'CNY',
  why: 'The callback says paid, the provider says open.',
};

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let bench: ReturnType<typeof openLedger>;

beforeEach(async () => {
  folder = await temporaryFolder();
  bench = openLedger(folder.path);
});

afterEach(async () => {
  bench.db.close();
  await folder.remove();
});

function openLedger(path: string) {
  const db = openDatabase(join(path, 'paidonce.db'), migrations, 0);
  db.begin('immediate');
  const unit = new Unit({ rows: rowsOn(db), directory: new Directory(), node, random: randomBytesOf }, 1000);
  const ledger = new RowLedger(unit);
  unit.rows.insertMerchant({ id: shop, name: 'Shop', policies: {}, credentials: {}, createdAt: 0 });
  expectOrder(ledger, expectInput('O-1'), births);
  const order = ledger.orderByNo(shop, asId.orderNo('O-1'));
  if (order === null) throw new Error('no order');
  const { id } = order;
  return {
    db,
    ledger,
    id,
    states: () => ledger.discrepanciesOf(id).map(({ kind, state, why }) => [kind, state, why]),
    sent: () => ledger.sentNotifications(id).map(({ type }) => type),
  };
}

it('keeps what was observed open however often the order is folded, and tells it once', () => {
  const { ledger, id } = bench;
  expect(openObserved(ledger, births, id, contradiction)).toBe(true);
  settle(ledger, births, id, null);
  expect(openObserved(ledger, births, id, contradiction)).toBe(true);
  settle(ledger, births, id, null);
  expect(bench.states()).toEqual([['query_contradicts', 'open', contradiction.why]]);
  expect(bench.sent()).toEqual(['discrepancy.opened']);
  expect(ledger.order(id)?.sequence).toBe(1);
});

it('says what it has come to since, without telling it again', () => {
  const { ledger, id } = bench;
  openObserved(ledger, births, id, contradiction);
  openObserved(ledger, births, id, { ...contradiction, why: 'The provider says closed.' });
  expect(bench.states()).toEqual([['query_contradicts', 'open', 'The provider says closed.']]);
  expect(bench.sent()).toEqual(['discrepancy.opened']);
});

it('resolves when it is observed no more, once, and opens again when it is', () => {
  const { ledger, id } = bench;
  expect(closeObserved(ledger, births, id, contradiction)).toBe(false);
  openObserved(ledger, births, id, contradiction);
  expect(closeObserved(ledger, births, id, contradiction)).toBe(true);
  expect(closeObserved(ledger, births, id, contradiction)).toBe(false);
  openObserved(ledger, births, id, contradiction);
  expect(bench.states().map(([, state]) => state)).toEqual(['resolved', 'open']);
  expect(bench.sent()).toEqual(['discrepancy.opened', 'discrepancy.resolved', 'discrepancy.opened']);
});

it('leaves what a person has decided as it is', () => {
  const { ledger, id } = bench;
  openObserved(ledger, births, id, contradiction);
  const [discrepancy] = ledger.discrepanciesOf(id);
  if (discrepancy === undefined) throw new Error('nothing opened');
  const action = { is: 'resolve', discrepancy: discrepancy.id, with: 'ignore', amountMinor: null } as const;
  expect(act(ledger, { merchant: shop, by: 'anna', note: 'seen', born: null, action }, births)).toBe('done');
  expect(openObserved(ledger, births, id, contradiction)).toBe(false);
  expect(closeObserved(ledger, births, id, contradiction)).toBe(false);
  expect(bench.states().map(([, state]) => state)).toEqual(['ignored']);
});
