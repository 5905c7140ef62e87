import { z } from 'zod';
import type { Client } from './client.ts';
import { type Terminal, table } from './terminal.ts';

export const secretAnswer = z.object({
  field: z.string(),
  name: z.string().nullable(),
  fingerprint: z.string(),
  kind: z.string(),
  says: z.string(),
  key: z.string().nullable(),
  subject: z.string().nullable(),
  serial: z.string().nullable(),
  expires_at: z.string().nullable(),
});

/** Whose secrets: an account, an endpoint, or a merchant's for one provider. */
export interface Owner {
  owner: string;
  provider: string;
  secrets: readonly z.output<typeof secretAnswer>[];
}

const page = z.object({ data: z.array(z.object({ id: z.string() })), next_cursor: z.string().nullable() });
const one = z.object({ provider: z.string(), secrets: z.array(secretAnswer) });
const merchantAnswer = z.object({ secrets: z.record(z.string(), z.array(secretAnswer)) });

/** Everything that has secrets, one call for each; `progress` is told how far it is. */
export async function keptSecrets(
  client: Client,
  merchant: string | null,
  progress: (text: string) => void,
): Promise<readonly Owner[]> {
  const owners: Owner[] = [];
  const query = merchant === null ? '' : `&merchant=${encodeURIComponent(merchant)}`;
  for (const kind of ['accounts', 'endpoints'] as const) {
    for (const id of await idsOf(client, `/v1/${kind}`, query)) {
      const { provider, secrets } = await client.get(`/v1/${kind}/${id}`, one);
      owners.push({ owner: id, provider, secrets });
      progress(`${owners.length} read`);
    }
  }
  for (const id of merchant === null ? await idsOf(client, '/v1/merchants', '') : [merchant]) {
    const { secrets } = await client.get(`/v1/merchants/${encodeURIComponent(id)}`, merchantAnswer);
    for (const [provider, kept] of Object.entries(secrets)) owners.push({ owner: id, provider, secrets: kept });
  }
  return owners;
}

async function idsOf(client: Client, path: string, query: string): Promise<readonly string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const after: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { data, next_cursor }: z.output<typeof page> = await client.get(`${path}?limit=200${query}${after}`, page);
    ids.push(...data.map(({ id }) => id));
    cursor = next_cursor;
  } while (cursor !== null);
  return ids;
}

/** A table of what is kept, field by field. */
export function secretLines(owners: readonly Owner[], terminal: Terminal): readonly string[] {
  const rows = owners.flatMap(({ owner, provider, secrets }) =>
    secrets.map(({ field, name, fingerprint, kind, key, subject, serial, expires_at }) => [
      owner,
      provider,
      name === null ? field : `${field} ${name}`,
      fingerprint,
      key === null ? kind : `${kind}, ${key}`,
      subject === null ? '' : `${subject}, serial ${serial}, until ${expires_at}`,
    ]),
  );
  if (rows.length === 0) return ['No secrets are kept.'];
  return table(['OWNER', 'PROVIDER', 'FIELD', 'FINGERPRINT', 'KIND', 'CERTIFICATE'], rows, terminal);
}
