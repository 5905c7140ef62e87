import { Client } from 'pg';

/** A connection of its own for what `use` does. */
export async function withClient<Result>(url: string, use: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  // A connection that breaks fails the query that runs; without a listener it would end the process as well.
  client.on('error', () => {});
  await client.connect();
  // Not around the connecting: `end` waits forever on a connection that never was.
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
