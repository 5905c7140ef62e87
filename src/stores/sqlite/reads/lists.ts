import type { Instant } from '../../../domain/clock.ts';
import { limits } from '../../../domain/limits.ts';
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
  sandboxPaymentColumns,
  sandboxPaymentOf,
  text,
} from '../../mapping.ts';
import type { Reads } from '../../reads.ts';
import type { Connection } from '../connection.ts';
import { laneById } from '../statements/lanes.ts';
import { accountById, endpointById, merchantById } from '../statements/merchants.ts';
import { equals, pageOf, visibleIn } from './page.ts';

export function merchants(db: Connection, input: Reads['merchants']['input']): Reads['merchants']['output'] {
  const select = `select ${merchantColumns} from paidonce_merchants`;
  return pageOf(db, { select, seq: 'seq', conditions: [visibleIn('id', input.visible)], map: merchantOf }, input);
}

export function merchant(db: Connection, id: Reads['merchant']['input']): Reads['merchant']['output'] {
  return merchantById(db, id);
}

export function accounts(db: Connection, input: Reads['accounts']['input']): Reads['accounts']['output'] {
  const select = `select ${accountColumns} from paidonce_accounts`;
  const conditions = [visibleIn('merchant', input.visible), equals('merchant', input.merchant)];
  return pageOf(db, { select, seq: 'seq', conditions, map: accountOf }, input);
}

export function account(db: Connection, id: Reads['account']['input']): Reads['account']['output'] {
  return accountById(db, id);
}

export function endpoints(db: Connection, input: Reads['endpoints']['input']): Reads['endpoints']['output'] {
  const select = `select ${endpointColumns} from paidonce_endpoints`;
  const conditions = [
    ['hidden = 0 and removed_at is null'] as const,
    visibleIn('merchant', input.visible),
    equals('merchant', input.merchant),
    equals('state', input.state),
  ];
  return pageOf(db, { select, seq: 'seq', conditions, map: endpointOf }, input);
}

export function endpoint(db: Connection, id: Reads['endpoint']['input']): Reads['endpoint']['output'] {
  return endpointById(db, id);
}

export function laneHealth(db: Connection, id: Reads['laneHealth']['input']): Reads['laneHealth']['output'] {
  const lane = laneById(db, id);
  if (lane === null) return null;
  const { breaker, drainSince: since } = lane;
  return { breaker, draining: since === null ? null : { since, left: leftIn(db, id, since) } };
}

function leftIn(db: Connection, lane: Reads['laneHealth']['input'], since: Instant): number {
  const row = db.get(
    `-- SEARCH paidonce_deliveries USING COVERING INDEX paidonce_deliveries_due (lane=? AND due_at<?)
     select count(*) as waiting from paidonce_deliveries
     where lane = ? and state not in ('confirmed', 'canceled') and due_at <= ?`,
    lane,
    since,
  );
  return row === undefined ? 0 : number(row, 'waiting');
}

export function endpointsToFinish(
  db: Connection,
  { at }: Reads['endpointsToFinish']['input'],
): Reads['endpointsToFinish']['output'] {
  return db
    .all(
      `-- SEARCH paidonce_endpoints USING INDEX paidonce_endpoints_previous (previous_until<?)
       select ${endpointColumns} from paidonce_endpoints where previous_until <= ? order by previous_until limit ${limits.pageMax}`,
      at,
    )
    .map(endpointOf);
}

export function actions(db: Connection, input: Reads['actions']['input']): Reads['actions']['output'] {
  const select = `select ${actionColumns} from paidonce_actions`;
  const conditions = [
    visibleIn('merchant', input.visible),
    equals('merchant', input.merchant),
    equals('by', input.by),
    equals('subject', input.subject),
    equals('what', input.what),
    ...between('at', input),
  ];
  return pageOf(db, { select, seq: 'seq', conditions, map: actionOf }, input);
}

export function apiKeys(db: Connection, input: Reads['apiKeys']['input']): Reads['apiKeys']['output'] {
  const select = `select ${apiKeyColumns} from paidonce_api_keys`;
  return pageOf(db, { select, seq: 'seq', conditions: [], map: apiKeyOf }, input);
}

export function apiKeyByDigest(
  db: Connection,
  digest: Reads['apiKeyByDigest']['input'],
): Reads['apiKeyByDigest']['output'] {
  const row = db.get(
    `-- SEARCH paidonce_api_keys USING INDEX paidonce_api_keys_digest (digest=?)
     select ${apiKeyColumns} from paidonce_api_keys where digest = ?`,
    digest,
  );
  return row === undefined ? null : apiKeyOf(row);
}

export function session(db: Connection, digest: Reads['session']['input']): Reads['session']['output'] {
  const found = db.get(
    `-- SEARCH paidonce_sessions USING PRIMARY KEY (digest=?)
     select api_key, expires_at, person from paidonce_sessions where digest = ?`,
    digest,
  );
  if (found === undefined) return null;
  const expiresAt = number(found, 'expires_at');
  if (found.api_key === null) return { holder: personOf(found) ?? 'admin', expiresAt };
  const row = db.get(
    `-- SEARCH paidonce_api_keys USING INDEX paidonce_api_keys_id (id=?)
     select ${apiKeyColumns} from paidonce_api_keys where id = ?`,
    text(found, 'api_key'),
  );
  return row === undefined ? null : { holder: apiKeyOf(row), expiresAt };
}

export function sandboxPayment(
  db: Connection,
  id: Reads['sandboxPayment']['input'],
): Reads['sandboxPayment']['output'] {
  const row = db.get(
    `-- SEARCH paidonce_sandbox_payments USING PRIMARY KEY (id=?)
     select ${sandboxPaymentColumns} from paidonce_sandbox_payments where id = ?`,
    id,
  );
  return row === undefined ? null : sandboxPaymentOf(row);
}

export function sandboxPaymentsNamed(
  db: Connection,
  { provider, name }: Reads['sandboxPaymentsNamed']['input'],
): Reads['sandboxPaymentsNamed']['output'] {
  const rows = db.all(
    `-- SEARCH paidonce_sandbox_payments USING PRIMARY KEY (id=?)
     -- LIST SUBQUERY 1
     -- SEARCH n USING PRIMARY KEY (provider=? AND name=?)
     select ${sandboxPaymentColumns} from paidonce_sandbox_payments
     where id in (select n.payment from paidonce_sandbox_names n where n.provider = ? and n.name = ?) limit ${limits.pageMax}`,
    provider,
    name,
  );
  return rows.map(sandboxPaymentOf).sort((one, other) => other.createdAt - one.createdAt);
}

export function sandboxPaymentsMoved(
  db: Connection,
  { provider, since, after }: Reads['sandboxPaymentsMoved']['input'],
): Reads['sandboxPaymentsMoved']['output'] {
  const rows = db.all(
    `-- SEARCH paidonce_sandbox_payments USING INDEX paidonce_sandbox_payments_moved (provider=? AND (moved_at,id)>(?,?))
     select ${sandboxPaymentColumns} from paidonce_sandbox_payments
     where provider = ? and (moved_at, id) > (?, ?) order by moved_at, id limit ${limits.pageMax}`,
    provider,
    after?.movedAt ?? since,
    after?.id ?? '',
  );
  return rows.map(sandboxPaymentOf);
}
