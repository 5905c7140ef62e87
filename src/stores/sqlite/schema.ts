import type { Migration } from '../migrate.ts';
import { firstTables } from './first-tables.ts';

/** Everything that makes the tables, in order. */
export const migrations: readonly Migration[] = [
  firstTables,
  {
    number: 2,
    name: 'payments of the sandbox by their names',
    sql: `
alter table paidonce_sandbox_payments add column moved_at integer not null default 0;
create index paidonce_sandbox_payments_moved on paidonce_sandbox_payments (provider, moved_at, id);

create table paidonce_sandbox_names (
  provider text not null,
  name text not null,
  payment text not null,
  primary key (provider, name, payment)
) strict, without rowid;
`,
  },
];
