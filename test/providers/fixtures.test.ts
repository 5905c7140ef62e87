import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fromIso } from '../../src/domain/clock.ts';
import { asId } from '../../src/domain/ids.ts';
import { providerByName, providers } from '../../src/providers/index.ts';
import { context } from './support.ts';

const folder = new URL('./fixtures/', import.meta.url);
const fixtureSchema = z.object({
  account: z.object({ mode: z.enum(['live', 'test']), credentials: z.record(z.string(), z.unknown()) }),
  receivedAt: z.number(),
  request: z.object({
    method: z.string(),
    target: z.string(),
    headers: z.array(z.tuple([z.string(), z.string()])),
    body: z.string(),
  }),
  expected: z.discriminatedUnion('is', [
    z.looseObject({
      is: z.literal('facts'),
      facts: z.array(z.looseObject({ amountMinor: z.string().nullable(), providerTime: z.string() })),
    }),
    z.looseObject({ is: z.literal('ping') }),
  ]),
});

const names = providers.map((provider) => provider.name);
const fixtures = names.flatMap((name) =>
  readdirSync(new URL(`${name}/`, folder)).map(
    (file) => [name, file, read(new URL(`${name}/${file}`, folder))] as const,
  ),
);

function read(url: URL) {
  return fixtureSchema.parse(JSON.parse(readFileSync(url, 'utf8')));
}

describe('every provider', () => {
  /** What lies beside the providers without being one. */
  const others = ['define.ts', 'index.ts', 'profile.ts', 'provider.ts', 'secret-field.ts'];
  const files = readdirSync(new URL('../../src/providers/', import.meta.url)).filter(
    (file) => file.endsWith('.ts') && !others.includes(file),
  );

  it('has its file, named as it is, and a line in the index', () => {
    expect(files.map((file) => file.replace('.ts', '')).sort()).toEqual([...names].sort());
  });

  it('has a folder of fixtures, and no folder is left over', () => {
    expect(readdirSync(folder).sort()).toEqual([...names].sort());
    expect(names.filter((name) => !fixtures.some(([one]) => one === name))).toEqual([]);
  });

  it('is found by its name, and no other name finds one', () => {
    expect(names.map((name) => providerByName(name)?.name)).toEqual(names);
    expect(providerByName('constructor')).toBeUndefined();
  });

  it('says in its head comment what its ids are, and where the rules come from', () => {
    const silent = files.filter((file) => {
      const head = readFileSync(new URL(`../../src/providers/${file}`, import.meta.url), 'utf8').split('*/')[0] ?? '';
      return !/paymentId/.test(head) || !/operationId/.test(head) || !/[a-z]\.(com|co|org|md|dev)\b/.test(head);
    });
    expect(silent).toEqual([]);
  });

  it('is at most 250 lines long', () => {
    const lines = files.map(
      (file) => readFileSync(new URL(`../../src/providers/${file}`, import.meta.url), 'utf8').split('\n').length,
    );
    expect(Math.max(...lines)).toBeLessThanOrEqual(250);
  });
});

describe('a genuine callback', () => {
  it.each(fixtures)('of %s, %s, opens to the expected facts or references', (name, _file, { expected, ...fixture }) => {
    const provider = providerByName(name);
    const receiver = provider?.receiver(fixture.account.credentials, {
      id: asId.account('acc_fixture'),
      mode: fixture.account.mode,
    });
    const request = { ...fixture.request, body: Buffer.from(fixture.request.body) };
    const opened = receiver?.open(request, { ...context, now: fixture.receivedAt * 1000 });
    if (expected.is === 'ping') return expect(opened).toEqual(expected);
    const facts = expected.facts.map((fact) => ({
      ...fact,
      amountMinor: fact.amountMinor === null ? null : BigInt(fact.amountMinor),
      providerTime: fromIso(fact.providerTime),
    }));
    expect(opened).toEqual({ ...expected, facts });
  });
});
