import type { Migration } from '../migrate.ts';
import { firstTables } from './first-tables.ts';

/** Everything that makes the tables, in order. */
export const migrations: readonly Migration[] = [
  firstTables,
  {
    number: 2,
    name: 'payments of the sandbox by their names',
    sql: `
alter table paidonce.sandbox_payments add column moved_at bigint not null default 0;
create index sandbox_payments_moved on paidonce.sandbox_payments (provider, moved_at);

create table paidonce.sandbox_names (
  provider text not null, name text not null, payment text not null,
  primary key (provider, name, payment)
);
`,
  },
];
