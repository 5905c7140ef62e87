import { limits } from '../../../domain/limits.ts';
import { bytes, factColumns, factOf, number, text } from '../../mapping.ts';
import type { Reads } from '../../reads.ts';
import { differenceOf, reconciliationColumns, reconciliationOf } from '../../reconciliation-mapping.ts';
import type { Session } from '../session.ts';
import { oneOf } from './lists.ts';
import { equals, pageOf, visibleIn } from './page.ts';

type Given<K extends keyof Reads> = Reads[K]['input'];
type Answer<K extends keyof Reads> = Promise<Reads[K]['output']>;

export async function reconciliations(session: Session, input: Given<'reconciliations'>): Answer<'reconciliations'> {
  const list = { seqs: ['seq'], xid: 'xid', columns: reconciliationColumns, from: 'paidonce.reconciliations' };
  const { visible, account, day } = input;
  const conditions = [visibleIn('merchant', visible), equals('account', account), equals('day', day)];
  return pageOf(session, { ...list, conditions, map: reconciliationOf }, input);
}

export async function reconciliation(session: Session, id: Given<'reconciliation'>): Answer<'reconciliation'> {
  // reconciliations_pkey (id)
  return oneOf(
    session.all(`select ${reconciliationColumns} from paidonce.reconciliations where id = $1`, id),
    reconciliationOf,
  );
}

export async function waitingReconciliations(
  session: Session,
  { at }: Given<'waitingReconciliations'>,
): Answer<'waitingReconciliations'> {
  // reconciliations_live (next_at), reconciliations_day (account)
  const rows = await session.all(
    `select ${reconciliationColumns} from paidonce.reconciliations r
     where r.state in ('receiving', 'running') and r.next_at <= $1 and not exists (
       select 1 from paidonce.reconciliations o
       where o.account = r.account and o.state = 'running' and o.next_at > $1 and o.id <> r.id
     ) order by r.next_at limit ${limits.pageDefault}`,
    at,
  );
  return rows.map(reconciliationOf);
}

export async function reconciledDays(
  session: Session,
  { account, days }: Given<'reconciledDays'>,
): Answer<'reconciledDays'> {
  // reconciliations_day (account, day)
  const rows = await session.all(
    "select distinct day from paidonce.reconciliations where account = $1 and day = any($2::text[]) and state = 'done'",
    account,
    days,
  );
  return rows.map((row) => text(row, 'day'));
}

export async function statementChunk(
  session: Session,
  { id, number: place }: Given<'statementChunk'>,
): Answer<'statementChunk'> {
  // statement_chunks_pkey (reconciliation, number)
  const sql = 'select bytes from paidonce.statement_chunks where reconciliation = $1 and number = $2';
  return oneOf(session.all(sql, id, place), (row) => bytes(row, 'bytes'));
}

export async function differences(session: Session, input: Given<'differences'>): Answer<'differences'> {
  const { id, run, kind } = input;
  const conditions = [equals('reconciliation', id), equals('run', run), equals('kind', kind)];
  const list = { seqs: ['seq'], xid: 'xid', columns: 'body', from: 'paidonce.differences', conditions };
  return pageOf(session, { ...list, map: differenceOf }, input);
}

export async function unlistedFacts(
  session: Session,
  { account, kinds, from, to, after }: Given<'unlistedFacts'>,
): Answer<'unlistedFacts'> {
  // facts_unlisted (account, provider_time, seq)
  const rows = await session.all(
    `select ${factColumns} from paidonce.facts
     where account = $1 and source <> 'statement' and provider_time >= $2 and provider_time < $3
       and (provider_time, seq) > ($4::bigint, $5::bigint) and kind = any($6::text[])
     order by provider_time, seq limit ${limits.pageMax}`,
    account,
    Math.max(from, after?.at ?? from),
    to,
    after?.at ?? from - 1,
    after?.seq ?? 0,
    kinds,
  );
  return rows.map((row) => ({ fact: factOf(row), seq: number(row, 'seq') }));
}
