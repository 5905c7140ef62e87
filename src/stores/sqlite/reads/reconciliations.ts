import { limits } from '../../../domain/limits.ts';
import { bytes, factColumns, factOf, number } from '../../mapping.ts';
import type { Reads } from '../../reads.ts';
import { differenceOf, reconciliationColumns, reconciliationOf } from '../../reconciliation-mapping.ts';
import type { Connection } from '../connection.ts';
import { reconciliationById } from '../statements/reconciliations.ts';
import { equals, pageOf, visibleIn } from './page.ts';

type Given<K extends keyof Reads> = Reads[K]['input'];
type Answer<K extends keyof Reads> = Reads[K]['output'];

export function reconciliations(db: Connection, input: Given<'reconciliations'>): Answer<'reconciliations'> {
  const { visible, account, day } = input;
  const conditions = [visibleIn('merchant', visible), equals('account', account), equals('day', day)];
  const select = `select seq, ${reconciliationColumns} from paidonce_reconciliations`;
  return pageOf(db, { select, seq: 'seq', conditions, map: reconciliationOf }, input);
}

export function reconciliation(db: Connection, id: Given<'reconciliation'>): Answer<'reconciliation'> {
  return reconciliationById(db, id);
}

export function waitingReconciliations(
  db: Connection,
  { at }: Given<'waitingReconciliations'>,
): Answer<'waitingReconciliations'> {
  return db
    .all(
      `-- SEARCH r USING INDEX paidonce_reconciliations_live (next_at<?)
       -- CORRELATED SCALAR SUBQUERY 1
       -- SEARCH o USING INDEX paidonce_reconciliations_day (account=?)
       select ${reconciliationColumns} from paidonce_reconciliations r
       where r.state in ('receiving', 'running') and r.next_at <= ?1 and not exists (
         select 1 from paidonce_reconciliations o
         where o.account = r.account and o.state = 'running' and o.next_at > ?1 and o.id <> r.id
       ) order by r.next_at limit ${limits.pageDefault}`,
      at,
    )
    .map(reconciliationOf);
}

export function reconciledDays(db: Connection, { account, days }: Given<'reconciledDays'>): Answer<'reconciledDays'> {
  return days.filter(
    (day) =>
      db.get(
        `-- SEARCH paidonce_reconciliations USING INDEX paidonce_reconciliations_day (account=? AND day=?)
         select 1 from paidonce_reconciliations where account = ? and day = ? and state = 'done' limit 1`,
        account,
        day,
      ) !== undefined,
  );
}

export function statementChunk(
  db: Connection,
  { id, number: place }: Given<'statementChunk'>,
): Answer<'statementChunk'> {
  const row = db.get(
    `-- SEARCH paidonce_statement_chunks USING INDEX paidonce_statement_chunks_number (reconciliation=? AND number=?)
     select bytes from paidonce_statement_chunks where reconciliation = ? and number = ?`,
    id,
    place,
  );
  return row === undefined ? null : bytes(row, 'bytes');
}

export function differences(db: Connection, input: Given<'differences'>): Answer<'differences'> {
  const { id, run, kind } = input;
  const conditions = [equals('reconciliation', id), equals('run', run), equals('kind', kind)];
  return pageOf(
    db,
    { select: 'select seq, body from paidonce_differences', seq: 'seq', conditions, map: differenceOf },
    input,
  );
}

export function unlistedFacts(
  db: Connection,
  { account, kinds, from, to, after }: Given<'unlistedFacts'>,
): Answer<'unlistedFacts'> {
  return db
    .all(
      `-- SEARCH paidonce_facts USING INDEX paidonce_facts_unlisted (account=? AND provider_time>? AND provider_time<?)
       select ${factColumns} from paidonce_facts
       where account = ?1 and source <> 'statement' and provider_time >= ?2 and provider_time < ?3
         and (provider_time > ?4 or seq > ?5) and instr(?6, '"' || kind || '"') > 0
       order by provider_time, seq limit ${limits.pageMax}`,
      account,
      after?.at ?? from,
      to,
      after?.at ?? from - 1,
      after?.seq ?? 0,
      JSON.stringify(kinds),
    )
    .map((row) => ({ fact: factOf(row), seq: number(row, 'seq') }));
}
