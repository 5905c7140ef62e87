import { limits } from '../../../domain/limits.ts';
import { laneColumns, laneOf } from '../../delivery-mapping.ts';
import { between } from '../../made-between.ts';
import {
  accountColumns,
  accountOf,
  actionColumns,
  actionOf,
  apiKeyColumns,
  apiKeyOf,
  endpointColumns,
  endpointOf,
  merchantColumns,
  merchantOf,
  number,
  personOf,
  type Row,
  sandboxPaymentColumns,
  sandboxPaymentOf,
  text,
} from '../../mapping.ts';
import type { Reads } from '../../reads.ts';
import type { Session } from '../session.ts';
import { equals, pageOf, visibleIn } from './page.ts';

// Nothing here is found by an index but what is found by its key: these tables hold what people set up.

const ordered = { seqs: ['seq'], xid: 'xid' } as const;

/** What one row says; null where there is none. */
export async function oneOf<T>(rows: Promise<Row[]>, map: (row: Row) => T): Promise<T | null> {
  const [row] = await rows;
  return row === undefined ? null : map(row);
}

export async function merchants(
  session: Session,
  input: Reads['merchants']['input'],
): Promise<Reads['merchants']['output']> {
  const list = { ...ordered, columns: merchantColumns, from: 'paidonce.merchants', map: merchantOf };
  return pageOf(session, { ...list, conditions: [visibleIn('id', input.visible)] }, input);
}

export async function merchant(session: Session, id: Reads['merchant']['input']): Promise<Reads['merchant']['output']> {
  // merchants_pkey (id)
  return oneOf(session.all(`select ${merchantColumns} from paidonce.merchants where id = $1`, id), merchantOf);
}

export async function accounts(
  session: Session,
  input: Reads['accounts']['input'],
): Promise<Reads['accounts']['output']> {
  const list = { ...ordered, columns: accountColumns, from: 'paidonce.accounts', map: accountOf };
  const conditions = [visibleIn('merchant', input.visible), equals('merchant', input.merchant)];
  return pageOf(session, { ...list, conditions }, input);
}

export async function account(session: Session, id: Reads['account']['input']): Promise<Reads['account']['output']> {
  // accounts_pkey (id)
  return oneOf(session.all(`select ${accountColumns} from paidonce.accounts where id = $1`, id), accountOf);
}

export async function endpoints(
  session: Session,
  input: Reads['endpoints']['input'],
): Promise<Reads['endpoints']['output']> {
  const list = { ...ordered, columns: endpointColumns, from: 'paidonce.endpoints', map: endpointOf };
  const conditions = [
    ['not hidden and removed_at is null'] as const,
    visibleIn('merchant', input.visible),
    equals('merchant', input.merchant),
    equals('state', input.state),
  ];
  return pageOf(session, { ...list, conditions }, input);
}

export async function endpoint(session: Session, id: Reads['endpoint']['input']): Promise<Reads['endpoint']['output']> {
  // endpoints_pkey (id)
  const rows = session.all(
    `select ${endpointColumns} from paidonce.endpoints where id = $1 and removed_at is null`,
    id,
  );
  return oneOf(rows, endpointOf);
}

export async function laneHealth(
  session: Session,
  lane: Reads['laneHealth']['input'],
): Promise<Reads['laneHealth']['output']> {
  // lanes_pkey (id), deliveries_due (lane, due_at)
  const rows = session.all(
    `select ${laneColumns}, case when drain_since is not null then (
       select count(*) from paidonce.deliveries d
       where d.lane = l.id and d.state in ('pending', 'sending', 'dead') and d.due_at <= l.drain_since
     ) end as waiting from paidonce.lanes l where id = $1`,
    lane,
  );
  return oneOf(rows, (row) => {
    const { breaker, drainSince: since } = laneOf(row);
    return { breaker, draining: since === null ? null : { since, left: number(row, 'waiting') } };
  });
}

export async function endpointsToFinish(
  session: Session,
  { at }: Reads['endpointsToFinish']['input'],
): Promise<Reads['endpointsToFinish']['output']> {
  // endpoints_previous (previous_until)
  const rows = await session.all(
    `select ${endpointColumns} from paidonce.endpoints where previous_until <= $1 order by previous_until limit ${limits.pageMax}`,
    at,
  );
  return rows.map(endpointOf);
}

export async function actions(session: Session, input: Reads['actions']['input']): Promise<Reads['actions']['output']> {
  const list = { ...ordered, columns: actionColumns, from: 'paidonce.actions', map: actionOf };
  const conditions = [
    visibleIn('merchant', input.visible),
    equals('merchant', input.merchant),
    equals('by', input.by),
    equals('subject', input.subject),
    equals('what', input.what),
    ...between('at', input),
  ];
  return pageOf(session, { ...list, conditions }, input);
}

export async function apiKeys(session: Session, input: Reads['apiKeys']['input']): Promise<Reads['apiKeys']['output']> {
  const list = { ...ordered, columns: apiKeyColumns, from: 'paidonce.api_keys', map: apiKeyOf };
  return pageOf(session, { ...list, conditions: [] }, input);
}

export async function apiKeyByDigest(
  session: Session,
  digest: Reads['apiKeyByDigest']['input'],
): Promise<Reads['apiKeyByDigest']['output']> {
  // api_keys_digest_key (digest)
  return oneOf(session.all(`select ${apiKeyColumns} from paidonce.api_keys where digest = $1`, digest), apiKeyOf);
}

export async function session(
  connection: Session,
  digest: Reads['session']['input'],
): Promise<Reads['session']['output']> {
  // sessions_pkey (digest)
  const ofSession = 'select api_key, expires_at, person from paidonce.sessions where digest = $1';
  const [found] = await connection.all(ofSession, digest);
  if (found === undefined) return null;
  const expiresAt = number(found, 'expires_at');
  if (found.api_key === null) return { holder: personOf(found) ?? 'admin', expiresAt };
  // api_keys_pkey (id)
  const select = `select ${apiKeyColumns} from paidonce.api_keys where id = $1`;
  const [row] = await connection.all(select, text(found, 'api_key'));
  return row === undefined ? null : { holder: apiKeyOf(row), expiresAt };
}

export async function sandboxPayment(
  session: Session,
  id: Reads['sandboxPayment']['input'],
): Promise<Reads['sandboxPayment']['output']> {
  // sandbox_payments_pkey (id)
  const rows = session.all(`select ${sandboxPaymentColumns} from paidonce.sandbox_payments where id = $1`, id);
  return oneOf(rows, sandboxPaymentOf);
}

export async function sandboxPaymentsNamed(
  session: Session,
  { provider, name }: Reads['sandboxPaymentsNamed']['input'],
): Promise<Reads['sandboxPaymentsNamed']['output']> {
  // sandbox_names_pkey (provider, name), sandbox_payments_pkey (id)
  const rows = await session.all(
    `select ${sandboxPaymentColumns} from paidonce.sandbox_payments p
     where p.id in (select n.payment from paidonce.sandbox_names n where n.provider = $1 and n.name = $2)
     limit ${limits.pageMax}`,
    provider,
    name,
  );
  return rows.map(sandboxPaymentOf).sort((one, other) => other.createdAt - one.createdAt);
}

export async function sandboxPaymentsMoved(
  session: Session,
  { provider, since, after }: Reads['sandboxPaymentsMoved']['input'],
): Promise<Reads['sandboxPaymentsMoved']['output']> {
  // sandbox_payments_moved (provider, moved_at)
  const rows = await session.all(
    `select ${sandboxPaymentColumns} from paidonce.sandbox_payments
     where provider = $1 and moved_at >= $2 and (moved_at, id) > ($2, $3) order by moved_at, id limit ${limits.pageMax}`,
    provider,
    after?.movedAt ?? since,
    after?.id ?? '',
  );
  return rows.map(sandboxPaymentOf);
}
