import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fieldTexts } from '../../console/parts/credentials/field-texts.ts';
import { credentialsOf, type Field, fieldsOf } from '../../console/parts/credentials/fields.ts';
import { notesIn, noteTerms, partOf, piecesOf } from '../../console/parts/credentials/notes.ts';
import { providerTexts } from '../../console/parts/credentials/texts.ts';
import { chineseOf } from '../../console/texts/sentences/chinese.ts';
import type { CheckedCredentials, ProviderRow } from '../../src/api/providers.ts';
import { providers } from '../../src/providers/index.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const sides = ['account', 'endpoint'] as const;
const pageOf = (file: string) => readFileSync(new URL(`../../docs/reference/${file}`, import.meta.url), 'utf8');

let server: TestServer;
let rows: readonly ProviderRow[];

beforeAll(async () => {
  server = await startTestServer();
  rows = (await server.call('GET', '/v1/providers')).body.data as ProviderRow[];
});
afterAll(() => server.stop());

function rowOf(name: string): ProviderRow {
  const row = rows.find((one) => one.name === name);
  if (row === undefined) throw new Error(`the API does not list ${name}`);
  return row;
}

/** Nothing, too short, a placeholder, of the wrong form, too long. */
const wrongTexts = ['', 'é', 'xxx', 'q7Zk'.repeat(5), 'q7Zk'.repeat(5000)];

/** What the API says when this text is typed into every field that takes texts. */
async function detailsFor(row: ProviderRow, side: (typeof sides)[number], text: string): Promise<string[]> {
  const isTyped = ({ shape }: Field) => ['text', 'list', 'map'].includes(shape);
  const fields = fieldsOf(row, side).filter(isTyped);
  const values = Object.fromEntries(fields.map(({ name }) => [name, [{ id: 0, name: 'one', text }]]));
  const body = { side, credentials: credentialsOf(fields, values, false) };
  const answer = await server.call('POST', `/v1/providers/${row.name}/check`, body);
  const { errors } = answer.body as CheckedCredentials;
  return errors.filter(({ pointer }) => fields.some(({ name }) => name === pointer.split('/')[2])).map((e) => e.detail);
}

describe.each(providers.map(({ name }) => name))('the form of %s', (name) => {
  it('has words for the platform and for each field', () => {
    expect(Object.keys(providerTexts.en)).toContain(name);
    const known = new Set(Object.keys(fieldTexts.en));
    const fields = sides.flatMap((side) => fieldsOf(rowOf(name), side).map((field) => field.name));
    expect(fields.filter((field) => !known.has(field) || !known.has(`hint.${field}`))).toEqual([]);
  });

  it('says in Chinese, too, what is wrong', async () => {
    const row = rowOf(name);
    const details: string[] = [];
    for (const side of sides) for (const text of wrongTexts) details.push(...(await detailsFor(row, side, text)));
    expect(details.filter((detail) => chineseOf(detail) === null)).toEqual([]);
    expect(details.length).toBeGreaterThan(0);
  });

  it('has notes in both languages on what to do at the platform', () => {
    const english = notesIn(pageOf(`providers/${name}.md`), noteTerms.en);
    const chinese = notesIn(partOf(pageOf('providers.zh-CN.md'), name), noteTerms.zh);
    const terms = english.map(({ term }) => term);
    expect(terms.filter((term) => term !== 'Read')).toEqual(noteTerms.en.filter((term) => term !== 'Read'));
    expect(chinese.map(({ term }) => term)).toEqual(noteTerms.zh);
    const plain = [...english, ...chinese].flatMap(({ text }) => piecesOf(text).filter(({ kind }) => kind === 'plain'));
    expect(plain.filter(({ text }) => /[`[\]\n]/.test(text))).toEqual([]);
  });
});
