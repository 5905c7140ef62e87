import { Client } from 'pg';
import type { Insert } from './group-commit.ts';

const rowsMax = 64;
const connections = 4;

const schema = `
  create table callbacks (seq bigint generated always as identity primary key, id text collate "C" not null unique,
    account text collate "C" not null, received_at bigint not null, message_id text collate "C" not null, headers text not null,
    body bytea not null);
  create index on callbacks (account, message_id);
  create table facts (seq bigint generated always as identity, id text collate "C" not null unique, fact_key text collate "C" not null unique,
    order_no text collate "C" not null, payment text collate "C" not null, amount_minor bigint not null, currency text not null);
  create index on facts (order_no);
`;
const callbacks = `insert into callbacks (id, account, received_at, message_id, headers, body)
  select * from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::bytea[])`;
const facts = `insert into facts (id, fact_key, order_no, payment, amount_minor, currency)
  select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[])`;

/** The shape of ceiling B on PostgreSQL: two rows with six indexes; what arrives while batches commit goes with the next. */
export class PostgresCommits {
  readonly #free: Client[];
  #waiting: { insert: Insert; done: () => void }[] = [];
  #count = 0;

  private constructor(clients: Client[]) {
    this.#free = clients;
  }

  static async open(url: string): Promise<PostgresCommits> {
    const clients = Array.from({ length: connections }, () => new Client({ connectionString: url, pipeline: true }));
    for (const client of clients) await client.connect();
    await clients[0]?.query(schema);
    return new PostgresCommits(clients);
  }

  add(insert: Insert, done: () => void): void {
    this.#waiting.push({ insert, done });
    if (this.#waiting.length === 1) setImmediate(() => this.#post());
  }

  #post(): void {
    while (this.#waiting.length > 0 && this.#free.length > 0) {
      const batch = this.#waiting.splice(0, rowsMax);
      const client = this.#free.pop();
      if (client !== undefined) void this.#commit(client, batch);
    }
  }

  async #commit(client: Client, batch: readonly { insert: Insert; done: () => void }[]): Promise<void> {
    const rows = batch.map(({ insert }) => ({ ...insert, id: this.#nextId() }));
    const now = Date.now();
    const of = (value: (row: (typeof rows)[number]) => unknown) => rows.map(value);
    await Promise.all([
      client.query('begin'),
      client.query({
        name: 'callbacks',
        text: callbacks,
        values: [
          of(({ id }) => `cbk_${id}`),
          of(() => 'acc_0123456789012345678901234567'),
          of(() => now),
          of(({ orderNo }) => orderNo),
          of(({ headers }) => headers),
          of(({ body }) => body),
        ],
      }),
      client.query({
        name: 'facts',
        text: facts,
        values: [
          of(({ id }) => `fct_${id}`),
          of(({ orderNo }) => `acc_012345 captured ${orderNo}`),
          of(({ orderNo }) => orderNo),
          of(({ orderNo }) => `acc_012345 pay-${orderNo}`),
          of(() => 8880),
          of(() => 'CNY'),
        ],
      }),
      client.query('commit'),
    ]);
    this.#free.push(client);
    for (const { done } of batch) done();
    this.#post();
  }

  #nextId(): string {
    this.#count += 1;
    return String(this.#count).padStart(28, '0');
  }
}
