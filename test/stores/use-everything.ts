import { nothingLooked, type Reread } from '../../src/domain/callback-replay.ts';
import { factKey } from '../../src/domain/fact.ts';
import { asId, laneOfFunction, type MerchantId, newId } from '../../src/domain/ids.ts';
import { limits } from '../../src/domain/limits.ts';
import { rootOf } from '../../src/domain/merkle.ts';
import { leafOf } from '../../src/domain/proof.ts';
import { noRows } from '../../src/domain/reconciliation.ts';
import { noProgress } from '../../src/domain/replay.ts';
import { deriveSealKey, makeSeal } from '../../src/domain/seal.ts';
import { type Bench, callbackInput, factOf, failedUntil, only, shop } from './support.ts';

/** Calls whatever prepares a statement, so that its plan can be looked at. */
export async function useEverything(bench: Bench): Promise<void> {
  const { store, clock } = bench;
  const functions = [laneOfFunction('handler', shop, 'mark-paid'), laneOfFunction('effect', shop, 'coupon')];
  await store.write('registerHandlers', [{ merchant: shop, type: 'refund.*', name: 'mark-paid' }]);
  await store.write('changeMerchant', {
    id: shop,
    credentials: { stripe: { version: 1, sealed: new Uint8Array(1) } },
    by: 'ann',
  });
  const id = await bench.addEndpoint({ ordering: 'order' });
  const removed = await bench.addEndpoint();
  await useMoney(bench);
  await bench.publish('O-1', { idempotency: { key: 'k', bodyDigest: 'd' } });
  await bench.publish('O-1', { idempotency: { key: 'k', bodyDigest: 'd' } });
  await bench.publish('O-9', { notifyUrl: { url: 'https://b.example/', provider: 'stripe' } });
  await bench.publish('O-9', { onlyEndpoint: id });
  const { claimed } = await bench.claim();
  for (const [index, one] of claimed.entries()) {
    if (index === 0) await store.write('giveBack', [{ delivery: one.delivery, number: one.number }]);
    else if (index % 2 === 0) await bench.finish(one, failedUntil(clock.at));
    else await bench.finish(one);
  }
  const late = (await bench.claim()).claimed;
  clock.at += 60_000;
  await bench.claim();
  for (const one of late) await bench.finish(one);
  await bench.publish('O-2', { type: 'refund.succeeded' });
  const handled = only((await bench.claim({ functions, slots: 0 })).claimed);
  await store.handle({ claimed: handled, startedAt: clock.at, deadlineMs: 250 }, async (tx) => {
    const { notification } = handled;
    await tx.enqueue({
      is: 'effect',
      merchant: shop,
      notification: notification.id,
      handler: 'h',
      name: 'coupon',
      payload: '{}',
    });
  });
  await store.decide('outbox', { born: null, most: 10 });
  await bench.publish('O-9');
  const { delivery } = only((await bench.claim({ functions, slots: 0 })).claimed);
  const waiting = only((await bench.publish('O-9', { onlyEndpoint: removed })).deliveries);
  await store.write('changeDelivery', { delivery: waiting.id, to: 'retry', by: 'ann' });
  await store.write('changeDelivery', { delivery, to: 'cancel', by: 'ann' });
  await store.write('changeDelivery', { delivery, to: 'retry', by: 'ann' });
  await store.write('changeEndpoint', { id, by: 'ann', change: { ordering: 'none' } });
  await store.write('removeEndpoint', { id: removed, by: 'ann' });
  await useReplays(bench);
  await useReconciliations(bench);
  await useCallbackReplays(bench);
  await useAsks(bench);
  await useEndpointLife(bench);
  await useSeals(bench);
  await useReads(bench);
  await useRetention(bench);
}

async function useReplays({ store, clock }: Bench): Promise<void> {
  const id = newId('rpl', clock.at, 0);
  const filter = { merchant: shop, endpoint: null, state: null, type: null, from: null, to: null };
  const times = { nextAt: clock.at, createdAt: clock.at, updatedAt: clock.at };
  const about = { id, by: 'ann', filter, isDryRun: false, forceNote: null, ratePerSecond: null };
  await store.write('addReplay', { ...about, state: 'running', cursor: null, progress: noProgress, ...times });
  await store.read('runningReplays', { at: clock.at });
  const page = { limit: 50, cursor: null, visible: null };
  const { data } = await store.read('notifications', { ...page, ...filter, orderNo: null });
  const notifications = data.map((notification) => notification.id);
  await store.decide('replay', { id, cursor: null, next: null, notifications, born: null });
  await store.write('changeReplay', { id, to: 'cancel', by: 'ann' });
  await store.read('replay', id);
  await store.read('replays', page);
  await store.read('laneHealth', laneOfFunction('handler', shop, 'mark-paid'));
}

async function useEndpointLife(bench: Bench): Promise<void> {
  const { store } = bench;
  const id = await bench.addEndpoint({ types: ['refund.*'] });
  await bench.publish('O-drained', { type: 'refund.succeeded' });
  await store.write('changeEndpoint', { id, by: 'ann', change: { state: 'paused' } });
  await store.write('changeEndpoint', { id, by: 'ann', change: { state: 'enabled' } });
  await store.read('laneHealth', id);
  await bench.claim();
  await store.read('endpointsToFinish', { at: bench.clock.at });
  const challenge = 'a'.repeat(32);
  await store.write('askUrl', { id, change: { url: 'https://b.example/', challenge, by: 'ann' } });
  await store.write('settleUrl', { id, challenge, version: 1, failure: null });
  await store.write('forceUrl', { id, url: 'https://c.example/', by: 'ann', note: 'x' });
  await store.write('removeEndpoint', { id, by: 'ann' });
}

async function useReconciliations({ store, clock, account }: Bench): Promise<void> {
  const id = newId('rec', clock.at, 0);
  const at = clock.at;
  const about = {
    id,
    by: 'ann',
    merchant: shop,
    account,
    day: '2026-01-05',
    from: at,
    to: at + 1,
    file: 'uploaded',
    expectedFee: null,
  } as const;
  const times = { nextAt: at, createdAt: at, updatedAt: at };
  await store.write('addReconciliation', {
    ...about,
    state: 'running',
    run: 0,
    progress: noRows,
    failure: null,
    ...times,
  });
  await store.write('addStatementChunk', { id, number: 0, bytes: new Uint8Array(1) });
  await store.read('statementChunk', { id, number: 0 });
  await store.read('waitingReconciliations', { at });
  await store.write('takeReconciliation', { id, run: 0, leaseMs: 1 });
  const ofRun = { reconciliation: id, run: 1, merchant: shop, day: '2026-01-05', keeps: true, born: null };
  const fact = { ...factOf(account, at, { reference: 'O-stated' }), providerTime: at };
  const rows = [{ fact, line: 2, type: 'x', feeMinor: null }];
  for (let count = 0; count < 2; count += 1)
    await store.decide('statement', { ...ofRun, withoutOrder: 'park', closes: true, expectedFee: null, rows });
  const kinds = ['captured'] as const;
  await store.read('unlistedFacts', { account, kinds, from: 0, to: at + 1, after: { at: 0, seq: 0 } });
  await store.decide('missed', { ...ofRun, facts: [{ key: factKey(fact), day: '2026-01-05', is: 'undecided' }] });
  await store.read('reconciledDays', { account, days: ['2026-01-05'] });
  const end = { state: 'done', progress: noRows, failure: null, leaseMs: 0 } as const;
  await store.write('keepReconciliation', { id, run: 1, ...end });
  const page = { limit: 10, cursor: null };
  await store.read('reconciliations', { ...page, visible: null, account, day: null });
  await store.read('reconciliation', id);
  await store.read('differences', { ...page, id, run: 1, kind: null });
}

async function useCallbackReplays({ store, clock }: Bench): Promise<void> {
  const id = newId('rpl', clock.at, 0);
  const callback = asId.callback('cbk_1');
  const filter = { merchant: shop, account: null, provider: null, verdict: null, from: null, to: null };
  const times = { nextAt: clock.at, createdAt: clock.at, updatedAt: clock.at };
  const stand = { phase: 'preview', state: 'running', cursor: null, progress: nothingLooked } as const;
  await store.write('addCallbackReplay', { id, by: 'ann', filter, ratePerSecond: null, ...stand, ...times });
  await store.read('runningCallbackReplays', { at: clock.at });
  await store.write('leaseCallbackReplay', { id, cursor: null, until: clock.at });
  await store.read('told', { callback, keys: ['x'] });
  const same = { verdict: 'verified', code: null, reason: null } as const;
  const reread: Reread = {
    replay: id,
    callback,
    before: same,
    after: same,
    added: [],
    untold: [],
    told: [],
    applied: null,
  };
  const step = { id, cursor: null, next: null, nextAt: clock.at, progress: nothingLooked };
  await store.write('stepCallbackReplay', { ...step, rereads: [reread] });
  await store.write('changeCallbackReplay', { id, to: 'apply', by: 'ann' });
  await store.read('rereadsAfter', { replay: id, after: null, most: 10 });
  const applied = { is: 'failed', at: clock.at, why: 'x' } as const;
  await store.write('stepCallbackReplay', { ...step, rereads: [{ ...reread, applied }] });
  await store.read('callbackReplay', id);
  const page = { limit: 50, cursor: null, visible: null };
  await store.read('callbackReplays', page);
  await store.read('rereads', { replay: id, before: null, most: 10 });
}

async function useMoney(bench: Bench): Promise<void> {
  const { store, clock } = bench;
  await bench.expect('O-1');
  await bench.callback([{ reference: 'O-1' }], { messageId: 'm', nonce: 'n' });
  await bench.callback([{ reference: 'O-1' }], { messageId: 'm', nonce: 'n' });
  await bench.callback([{ reference: 'O-5' }]);
  clock.at += limits.parkedMs + 1;
  await store.decide('refold', { born: null });
  await bench.expect('O-5');
  await bench.expect('O-5', { amountMinor: 9n });
  const manual = {
    merchant: shop,
    source: 'manual',
    orderNo: null,
    withoutOrder: 'park',
    note: 'seen',
    by: 'ann',
    born: null,
  } as const;
  const known = {
    account: bench.account,
    kind: 'captured',
    operationId: 'pay-O-1',
    paymentId: 'pay-O-1',
    reference: 'O-1',
    fromOrder: false,
  } as const;
  const better = {
    ...known,
    amountMinor: 100n,
    currency: 'EUR',
    measure: 'single',
    providerTime: clock.at - 10,
  } as const;
  await store.decide('sight', { ...manual, source: 'statement', facts: [better] });
  const refused = { id: 'cbk_r' as never, opened: { is: 'verdict', verdict: 'refused', nonce: null } } as const;
  await bench.callback([], refused);
  await bench.callback([{ reference: 'O-6' }], { id: 'cbk_1' as never });
  await store.write('acknowledged', [
    { id: 'cbk_1' as never, merchant: shop, account: bench.account, provider: 'hmac', receivedAt: clock.at, tookMs: 3 },
  ]);
  const again = callbackInput(bench.account, clock.at, [{ reference: 'O-1' }], { id: 'cbk_1' as never });
  await store.decide('callback', { ...again, again: 'handled' });
  const all = { limit: 10, cursor: null, visible: null, merchant: null, state: null, kind: null, assignee: null };
  for (const { id } of (await store.read('discrepancies', all)).data) {
    const assign = { is: 'assign', discrepancy: id, to: 'ann' } as const;
    await store.decide('act', { merchant: shop, by: 'ann', note: '', born: null, action: assign });
    const action = { is: 'resolve', discrepancy: id, with: 'ignore', amountMinor: null } as const;
    await store.decide('act', { merchant: shop, by: 'ann', note: 'x', born: null, action });
  }
}

async function useAsks(bench: Bench): Promise<void> {
  const { store, account, clock } = bench;
  await store.write('markAsked', { merchant: shop, account, asked: true });
  await bench.expect('O-asked');
  await store.decide('ask', { merchant: shop, orderNo: asId.orderNo('O-asked'), by: 'ann' });
  const opened = { is: 'verdict', verdict: 'parked', nonce: null } as const;
  await bench.callback([], { opened });
  const alone = await store.write('claimAccount', { merchant: shop, account, leaseMs: 1000 });
  if (alone !== null) await store.write('releaseAsks', { account, lease: alone.lease, freeAt: clock.at });
  const { claimed } = await store.write('claimAsks', { most: 4 });
  const { asks, lease } = only(claimed);
  for (const ask of asks) {
    const came = { is: ask.reason === 'callback' ? 'gone' : 'failed' } as const;
    const input = {
      ask,
      came,
      answer: 'x',
      facts: [],
      denied: [],
      withoutOrder: 'park',
      expectations: [],
      born: null,
    } as const;
    await store.decide('answered', input);
  }
  await store.write('releaseAsks', { account, lease, freeAt: clock.at + 1 });
  clock.at += 60_000;
  const again = only((await store.write('claimAsks', { most: 4 })).claimed);
  for (const ask of again.asks) {
    const gone = {
      came: { is: 'gone' },
      answer: 'x',
      facts: [],
      denied: [],
      withoutOrder: 'park',
      expectations: [],
    } as const;
    await store.decide('answered', { ask, ...gone, born: null });
  }
  await store.write('releaseAsks', { account, lease: again.lease, freeAt: clock.at });
  await bench.expect('O-asked-later');
  await store.write('markAsked', { merchant: shop, account, asked: false });
}

async function useReads({ store, account, clock }: Bench): Promise<void> {
  await store.write('changeAccount', { id: account, by: 'ann', change: { name: 'x' } });
  const apiKey = {
    id: asId.apiKey('key_1'),
    name: 'ci',
    scopes: ['read'],
    merchants: null,
    createdAt: clock.at,
  } as const;
  await store.write('addApiKey', { apiKey, digest: 'd', by: 'ann' });
  await store.read('apiKeyByDigest', 'd');
  const session = { person: null, createdAt: clock.at, expiresAt: clock.at } as const;
  await store.write('addSession', { digest: 'd', apiKey: apiKey.id, ...session });
  await store.read('session', 'd');
  await store.write('removeSession', { digest: 'd' });
  await store.write('addSession', { digest: 'old', apiKey: null, ...session });
  await store.write('removeApiKey', { id: apiKey.id, by: 'ann' });
  await store.read('sandboxPayment', 's');
  await store.read('sandboxPaymentsNamed', { provider: 'p', name: 'n' });
  await store.read('sandboxPaymentsMoved', { provider: 'p', since: 0, after: null });
  await store.write('keepSetting', { name: 's', value: new Uint8Array(1) });
  await store.read('gauges', null);
  const order = await store.read('order', { merchant: shop, orderNo: asId.orderNo('O-1') });
  if (order === null) throw new Error('no order');
  const { callbacks } = await store.read('history', order.order.id);
  await store.read('callback', callbacks[0]?.id ?? asId.callback('cbk_none'));
  await store.read('discrepancy', asId.discrepancy('dsc_none'));
  await readLists(store, { from: clock.at, to: clock.at + 1 });
  await readLists(store, { merchant: shop });
  await store.write('removeAccount', { id: account, by: 'ann' });
}

/** Notifications, callbacks and orders, the newest first. */
export async function readLists(
  store: Bench['store'],
  of: { merchant?: MerchantId; from?: number; to?: number },
): Promise<void> {
  const page = { visible: null, merchant: null, orderNo: null, limit: 10, cursor: null, from: null, to: null, ...of };
  await store.read('notifications', { ...page, type: null });
  await store.read('callbacks', { ...page, account: null, verdict: null });
  await store.read('orders', { ...page, status: null, q: null });
}

async function useSeals({ store, clock }: Bench): Promise<void> {
  await store.write('lease', { name: 'sealing', ms: 1000 });
  const { entries, attempts } = await store.read('unsealed', { most: 10 });
  const last = await store.read('newestSeal', { before: null });
  const leaves = attempts.map(leafOf);
  const content = { root: rootOf(leaves), count: leaves.length, now: clock.at };
  const seal = makeSeal(last, content, deriveSealKey(new Uint8Array(32)));
  await store.write('seal', { seal, leaves: Buffer.concat(leaves), covered: entries });
  await store.read('sealHolding', { leaf: leaves[0] ?? new Uint8Array(32), from: 0 });
  await store.read('seals', { from: null, to: null, after: 0, most: 10 });
  await store.read('manifestLines', { merchant: shop, from: clock.at - 60_000, to: clock.at + 1 });
  await store.read('sealedAttempts', asId.notification('ntf_none'));
  await store.read('liveAlerts', null);
  await store.write('keepBacklog', { at: clock.at, waiting: 1, dead: 0, oldestDueMs: 0 });
  await store.read('backlog', { from: 0, to: clock.at, bucketMs: 60_000 });
  await store.read('alertSignals', { since: clock.at - 60_000, before: 0 });
  await store.read('atRisk', [shop]);
  await store.read('trouble', { since: clock.at - 60_000, visible: [shop] });
}

async function useRetention(bench: Bench): Promise<void> {
  const { store, clock } = bench;
  await bench.addEndpoint();
  await bench.expect('O-old', { references: [{ account: null, reference: 'ref-old' }] });
  await bench.callback([{ reference: 'ref-old', paymentId: 'pay-old' }], { nonce: 'old' });
  await bench.publish('O-old', { data: '{}', idempotency: { key: 'old', bodyDigest: 'd' } });
  for (const one of (await bench.claim()).claimed) await bench.finish(one);
  const { data } = await store.read('deliveries', { ...everything, orderNo: asId.orderNo('O-old') });
  for (const { id } of data) await store.write('changeDelivery', { delivery: id, to: 'cancel', by: 'ann' });
  const before = clock.at + 1;
  const history = {
    idempotencyBefore: before,
    commitsBefore: before,
    reconciliationsBefore: before,
    ordersBefore: before,
  };
  const input = { bytesBefore: before, noncesBefore: before, ...history };
  await store.write('retain', { ...input, ordersBefore: 0 });
  await bench.callback([{ reference: 'ref-old', paymentId: 'pay-old' }]);
  await store.write('retain', input);
}

const everything = { limit: 50, cursor: null, visible: null, merchant: null, endpoint: null, state: null };
