import type { Callback } from '../../../domain/callback.ts';
import { asId, bucketOf, bucketOfId } from '../../../domain/ids.ts';
import { text, textOrNull, verdictOf } from '../../mapping.ts';
import type { Rows } from '../../work/rows.ts';
import type { Image, Load } from '../image.ts';
import { Table } from '../table.ts';

const open = (verdict: unknown) => verdict !== 'quarantined' && verdict !== 'refused' && verdict !== 'unreadable';

export const callbacks = new Table({
  name: 'callbacks',
  columns: {
    bucket: 'smallint',
    id: 'text',
    merchant: 'text',
    account: 'text',
    provider: 'text',
    received_at: 'bigint',
    message_id: 'text',
    verdict: 'text',
    code: 'text',
    reason: 'text',
    step: 'text',
    facts_digest: 'text',
  },
  key: ['id'],
  mutable: ['message_id', 'verdict', 'code', 'reason', 'step', 'facts_digest'],
  hasSeq: true,
});

export const callbacksById = callbacks.lookup({ name: 'id', columns: ['id'], index: 'callbacks_pkey', locks: 'wait' });

export const callbacksByMessage = callbacks.lookup({
  name: 'message',
  columns: ['account', 'message_id'],
  index: 'callbacks_message',
  first: true,
  where: {
    sql: "t.message_id is not null and t.verdict not in ('quarantined', 'refused', 'unreadable')",
    holds: (values) => open(values.verdict),
  },
  lockName: (parts) => `message ${parts.join(' ')}`,
});

export const callbackBytes = new Table({
  name: 'callback_bytes',
  columns: { bucket: 'smallint', callback: 'text', method: 'text', target: 'text', headers: 'text', body: 'bytea' },
  key: ['callback'],
});

export const nonces = new Table({
  name: 'nonces',
  columns: { bucket: 'smallint', account: 'text', nonce: 'text', body_digest: 'text', taken_at: 'bigint' },
  key: ['account', 'nonce'],
});

export const noncesByName = nonces.lookup({
  name: 'name',
  columns: ['account', 'nonce'],
  index: 'nonces_pkey',
  lockName: (parts) => `nonce ${parts.join(' ')}`,
});

export const parkedCallbacks = new Table({
  name: 'parked_callbacks',
  columns: { bucket: 'smallint', fact: 'text', callback: 'text' },
  key: ['fact', 'callback'],
  onConflict: 'do nothing',
});

export const parkedByFact = parkedCallbacks.lookup({ name: 'fact', columns: ['fact'], index: 'parked_callbacks_pkey' });

export const parkedByCallback = parkedCallbacks.lookup({
  name: 'callback',
  columns: ['callback'],
  index: 'parked_callbacks_callback',
});

export const unkeptCallbacks = new Table({
  name: 'unkept_callbacks',
  columns: {
    bucket: 'smallint',
    minute: 'bigint',
    merchant: 'text',
    provider: 'text',
    account: 'text',
    step: 'text',
    writer: 'text',
    callbacks: 'integer',
  },
  key: ['minute', 'account', 'step', 'merchant', 'provider', 'writer'],
  onConflict:
    '(minute, account, step, merchant, provider, writer, bucket) do update set callbacks = unkept_callbacks.callbacks + excluded.callbacks',
});

type CallbackRows = Pick<
  Rows,
  | 'insertCallback'
  | 'firstCallbackOfMessage'
  | 'countRefusedSince'
  | 'addUnkeptCallback'
  | 'confirmCallback'
  | 'takeNonce'
  | 'updateCallback'
  | 'setVerdict'
  | 'insertParkedCallback'
  | 'parkedCallbacksOf'
  | 'deleteParkedCallback'
  | 'releaseCallback'
>;

export function callbackRows(image: Image, writer: string): CallbackRows {
  return {
    insertCallback: (callback, factsDigest) => insertCallback(image, callback, factsDigest),
    firstCallbackOfMessage(account, messageId) {
      const first = image.one(callbacksByMessage, account, messageId);
      if (first === null) return null;
      const { values } = first;
      const id = asId.callback(text(values, 'id'));
      return { id, verdict: verdictOf(values), factsDigest: textOrNull(values, 'facts_digest') };
    },
    countRefusedSince: (account, since, most) => countRefused(image, account, since, most),
    addUnkeptCallback({ minute, merchant, provider, account, step }) {
      const bucket = bucketOf(merchant);
      image.sum(unkeptCallbacks, { bucket, minute, merchant, provider, account, step, writer, callbacks: 1 }, [
        'callbacks',
      ]);
    },
    confirmCallback(id) {
      const callback = image.one(callbacksById, id);
      if (callback?.values.step !== 'handled') return false;
      image.change(callback, { step: 'confirmed' });
      return true;
    },
    takeNonce(account, nonce, { digest, at }) {
      const taken = image.one(noncesByName, account, nonce);
      if (taken !== null) return text(taken.values, 'body_digest');
      const bucket = bucketOfId(account) ?? 0;
      image.add(nonces, { bucket, account, nonce, body_digest: digest, taken_at: at });
      return null;
    },
    updateCallback({ id, messageId, verdict, code, reason, step }, factsDigest) {
      const callback = image.one(callbacksById, id);
      if (callback !== null)
        image.change(callback, { message_id: messageId, verdict, code, reason, step, facts_digest: factsDigest });
    },
    setVerdict(id, { verdict, code, reason }) {
      const callback = image.one(callbacksById, id);
      if (callback !== null) image.change(callback, { verdict, code, reason });
    },
    ...parkedRows(image),
  };
}

type ParkedRows = Pick<Rows, 'insertParkedCallback' | 'parkedCallbacksOf' | 'deleteParkedCallback' | 'releaseCallback'>;

function parkedRows(image: Image): ParkedRows {
  const factOf = (row: number) => {
    const { bucket, id } = image.row(row).values;
    return { bucket: bucket ?? 0, fact: String(id) };
  };
  return {
    insertParkedCallback(fact, callback) {
      const values = { ...factOf(fact), callback };
      if (image.existing(parkedCallbacks, values) === null) image.add(parkedCallbacks, values);
    },
    parkedCallbacksOf: (fact) =>
      image.find(parkedByFact, factOf(fact).fact).map(({ values }) => asId.callback(text(values, 'callback'))),
    deleteParkedCallback(fact, callback) {
      const parked = image.existing(parkedCallbacks, { ...factOf(fact), callback });
      if (parked !== null) image.delete(parked);
    },
    releaseCallback(id) {
      // Locked first: another of its facts may find its order at this moment.
      const callback = image.one(callbacksById, id);
      const waits = image.find(parkedByCallback, id).length > 0;
      if (waits || callback?.values.verdict !== 'parked') return;
      image.change(callback, { verdict: 'verified', reason: null });
    },
  };
}

function insertCallback(image: Image, callback: Callback, factsDigest: string | null): void {
  const { id, merchant, account, provider, receivedAt, messageId, verdict, code, reason, step } = callback;
  const bucket = bucketOf(merchant);
  image.add(callbacks, {
    bucket,
    id,
    merchant,
    account,
    provider,
    received_at: receivedAt,
    message_id: messageId,
    verdict,
    code,
    reason,
    step,
    facts_digest: factsDigest,
  });
  const { method, target, headers, body } = callback;
  image.add(callbackBytes, { bucket, callback: id, method, target, headers: JSON.stringify(headers), body });
}

function countRefused(image: Image, account: string, since: number, most: number): number {
  const load: Load = (session) =>
    // Up to the bound.
    session.all(
      `/* callbacks_refused (account, received_at) */ select count(*) as kept from (
         select 1 from paidonce.callbacks where account = $1 and received_at >= $2 and verdict in ('quarantined', 'refused') limit $3
       ) refused`,
      account,
      since,
      most,
    );
  const before = image.answer(`refused ${account} ${since}`, load);
  if (Number(before?.[0]?.kept ?? 0) >= most) return most;
  // While there is room it is given by one at a time; once there is none, nobody waits for anybody.
  image.lock(`refused ${account}`);
  let count = Number(image.answer(`refused ${account} ${since}, alone`, load)?.[0]?.kept ?? 0);
  for (const { state, values } of image.all(callbacks)) {
    const isRefused = values.verdict === 'quarantined' || values.verdict === 'refused';
    if (state === 'added' && isRefused && values.account === account) count += 1;
  }
  return count;
}
