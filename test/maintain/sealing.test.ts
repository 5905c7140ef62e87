import { DatabaseSync } from 'node:sqlite';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../src/domain/ids.ts';
import { isManifestSigned } from '../../src/domain/manifest.ts';
import { rootOf } from '../../src/domain/merkle.ts';
import { unobserved } from '../../src/domain/observe.ts';
import { leafOf, type Proof, problemsOf, proof as proofSchema } from '../../src/domain/proof.ts';
import { deriveSealKey, makeSeal, noSealBefore, sealHash, sealStatement } from '../../src/domain/seal.ts';
import { createProofs } from '../../src/maintain/proofs.ts';
import { sealAttempts } from '../../src/maintain/sealing.ts';
import { postgres } from '../../src/stores/postgres/postgres.ts';
import { sqlite } from '../../src/stores/sqlite/sqlite.ts';
import {
  type Bench,
  migrated,
  only,
  openBench,
  type StoreFolder,
  shop,
  temporaryFolder,
  testClock,
} from '../stores/support.ts';
import { template, testDatabase } from '../support/postgres.ts';

const sealKey = deriveSealKey(new Uint8Array(32).fill(7));
const strangersKey = deriveSealKey(new Uint8Array(32).fill(8));
const trust = { keys: [sealKey.publicKey] };
const dayMs = 86_400_000;

/** A store that can be changed behind its back, as who has the database can. */
interface Place extends StoreFolder {
  sql(text: string): Promise<void>;
}

async function sqlitePlace(): Promise<Place> {
  const folder = await temporaryFolder();
  return {
    make: () => sqlite({ folder: folder.path }),
    end: () => folder.remove(),
    async sql(text) {
      const db = new DatabaseSync(`${folder.path}/paidonce.db`);
      db.exec(text.replaceAll('paidonce.', 'paidonce_'));
      db.close();
    },
  };
}

async function postgresPlace(): Promise<Place> {
  const database = await testDatabase(await template('migrated', migrated));
  return {
    make: () => postgres(database.url),
    end: () => database.end(),
    async sql(text) {
      const client = new Client({ connectionString: database.url });
      await client.connect();
      await client.query(text);
      await client.end();
    },
  };
}

for (const [name, makePlace] of [
  ['SQLite', sqlitePlace],
  ['PostgreSQL', postgresPlace],
] as const) {
  describe(`sealing on ${name}`, () => {
    let place: Place;
    let bench: Bench;
    beforeEach(async () => {
      place = await makePlace();
      bench = await openBench(place);
      await bench.addEndpoint();
    });
    afterEach(async () => {
      await bench.close();
      await place.end();
    });

    const dependencies = () => ({ store: bench.store, clock: bench.clock, observe: unobserved, sealKey });
    const seal = () => sealAttempts(dependencies());
    const proofOf = (id: Proof['notification']) => createProofs(dependencies()).proofOf(id as never);
    const deliver = async (orderNo: string) => {
      const { id } = await bench.publish(orderNo);
      await bench.finish(only((await bench.claim()).claimed), { secret: 'endpoint:end_1:1', certificate: 'ab' });
      return id;
    };
    const manifestOf = (date: string) => createProofs(dependencies()).manifestOf(shop, date);

    it('proves an attempt by its path and the signed seal, without the database', async () => {
      const ids = [await deliver('O-1'), await deliver('O-2'), await deliver('O-3')];
      await seal();
      for (const id of ids) {
        const proof = proofSchema.parse(JSON.parse(JSON.stringify(await proofOf(id))));
        expect(proof.attempts.map(({ attempt }) => attempt)).toMatchObject([
          { notification: id, merchant: shop, number: 1, status: 200, secret: 'endpoint:end_1:1', certificate: 'ab' },
        ]);
        expect(proof.unsealed).toEqual([]);
        expect(problemsOf(proof, trust)).toEqual([]);
        expect(problemsOf(proof, { keys: [strangersKey.publicKey] }).join()).toContain('not a key that you trust');
      }
    });

    it('says of an attempt that no seal covers it yet, and leaves nothing to do once it is covered', async () => {
      const id = await deliver('O-1');
      expect(await proofOf(id)).toMatchObject({ attempts: [], head: null, unsealed: [expect.any(String)] });
      expect(await seal()).toBe(false);
      expect((await bench.store.read('unsealed', { most: 10 })).entries).toEqual([]);
      const first = await bench.store.read('newestSeal', { before: null });
      await seal();
      expect(await bench.store.read('newestSeal', { before: null })).toEqual(first);
      expect(await proofOf(id)).toMatchObject({ unsealed: [] });
    });

    it('chains its seals without a gap, from zeros on', async () => {
      for (const orderNo of ['O-1', 'O-2', 'O-3']) {
        await deliver(orderNo);
        await seal();
      }
      const seals = await bench.store.read('seals', { from: null, to: null, after: 0, most: 10 });
      expect(seals.map(({ number }) => number)).toEqual([1, 2, 3]);
      expect(seals.map(({ previous }) => previous)).toEqual([noSealBefore, ...seals.slice(0, 2).map(sealHash)]);
    });

    it('seals what takes the place of an attempt that was taken for lost', async () => {
      const { id } = await bench.publish('O-1');
      const late = only((await bench.claim()).claimed);
      bench.clock.at += 120_000;
      await bench.claim();
      await seal();
      expect((await proofOf(id)).attempts).toMatchObject([{ attempt: { step: 'total', status: null } }]);
      await bench.finish(late);
      expect((await proofOf(id)).unsealed).toHaveLength(1);
      await seal();
      const proof = await proofOf(id);
      expect(proof.attempts).toMatchObject([{ attempt: { step: 'confirmed', status: 200 } }]);
      expect(problemsOf(proof, trust)).toEqual([]);
    });

    it('detects a changed attempt, also where leaf and root were made anew with the public code', async () => {
      const id = await deliver('O-1');
      await deliver('O-2');
      await seal();
      const untouched = await proofOf(id);
      await place.sql(
        `update paidonce.attempts set status = 500 where id = '${untouched.attempts[0]?.attempt.attempt}'`,
      );
      // The row alone: it is not what was sealed.
      expect(await proofOf(id)).toMatchObject({ attempts: [], unsealed: [untouched.attempts[0]?.attempt.attempt] });
      // Everything after it as well, as far as that goes without the key.
      const attempts = await bench.store.read('sealedAttempts', id);
      const real = await bench.store.read('newestSeal', { before: null });
      if (real === null) throw new Error('there is no seal');
      const leaves = attempts.map(leafOf);
      const root = Buffer.from(rootOf(leaves)).toString('hex');
      const hex = Buffer.from(Buffer.concat(leaves)).toString('hex');
      const bytes = name === 'SQLite' ? `x'${hex}'` : `decode('${hex}', 'hex')`;
      await place.sql(`update paidonce.seals set root = '${root}', leaves_count = ${leaves.length} where number = 1;
        update paidonce.seal_leaves set leaves = ${bytes} where number = 1;`);
      expect(problemsOf(await proofOf(id))).toContain('the signature of seal 1 is wrong');
      // Signed by a key of their own, it is signed by no key that anybody was told of.
      const forged = makeSeal(null, { root: rootOf(leaves), count: leaves.length, now: real.at }, strangersKey);
      await place.sql(`update paidonce.seals set public_key = '${forged.key}', signature = '${forged.signature}'`);
      expect(problemsOf(await proofOf(id))).toEqual([]);
      expect(problemsOf(await proofOf(id), trust).join()).toContain('not a key that you trust');
    });

    it('detects that the newest seals were taken away after a manifest had published their head', async () => {
      const kept = await deliver('O-1');
      await seal();
      await deliver('O-2');
      await seal();
      const date = new Date(bench.clock.at).toISOString().slice(0, 10);
      bench.clock.at += dayMs;
      const published = await manifestOf(date);
      expect(published).toMatchObject({ complete: true, seals: { count: 2, head: { number: 2 } } });
      expect(problemsOf(await proofOf(kept), { ...trust, day: published.seals })).toEqual([]);
      await place.sql(
        'delete from paidonce.seals where number = 2; delete from paidonce.seal_leaves where number = 2;',
      );
      expect(problemsOf(await proofOf(kept), { ...trust, day: published.seals }).join()).toContain(
        'seals were removed',
      );
      // The server goes on and seals something else under that number.
      await deliver('O-3');
      await seal();
      expect(problemsOf(await proofOf(kept), trust)).toEqual([]);
      expect(problemsOf(await proofOf(kept), { ...trust, day: published.seals }).join()).toContain('has published');
      expect((await manifestOf(date)).seals).not.toEqual(published.seals);
    });

    it('still proves by an exported proof what retention has removed, and proves its neighbours', async () => {
      const old = await deliver('O-1');
      const neighbour = await deliver('O-2');
      await seal();
      const exported = await proofOf(old);
      await place.sql(`delete from paidonce.attempts where id = '${exported.attempts[0]?.attempt.attempt}'`);
      expect((await proofOf(old)).attempts).toEqual([]);
      expect(problemsOf(exported, trust)).toEqual([]);
      const other = await proofOf(neighbour);
      expect(other.attempts).toHaveLength(1);
      expect(problemsOf(other, trust)).toEqual([]);
    });

    it('sums a day of one merchant, signed, and says when the day is not over', async () => {
      await deliver('O-1');
      await bench.publish('O-1', { type: 'refund.succeeded', amountMinor: 5n });
      const date = new Date(bench.clock.at).toISOString().slice(0, 10);
      const manifest = await manifestOf(date);
      expect(manifest).toMatchObject({ merchant: shop, date, complete: false, count: 2 });
      expect(manifest.sums.map(({ type, count }) => [type, count])).toEqual([
        ['payment.succeeded', 1],
        ['refund.succeeded', 1],
      ]);
      expect(isManifestSigned(manifest)).toBe(true);
      expect(isManifestSigned({ ...manifest, count: 3 })).toBe(false);
      expect((await manifestOf('2026-01-01')).count).toBe(0);
      await expect(manifestOf('2026-02-30')).rejects.toThrow('not a day');
    });

    it('refuses a second seal of the same number, so that two sealers leave no gap and nothing twice', async () => {
      await deliver('O-1');
      const { entries, attempts } = await bench.store.read('unsealed', { most: 10 });
      const leaves = attempts.map(leafOf);
      const made = makeSeal(null, { root: rootOf(leaves), count: leaves.length, now: bench.clock.at }, sealKey);
      const input = { seal: made, leaves: Buffer.concat(leaves), covered: entries };
      expect(await bench.store.write('seal', input)).toBe(true);
      expect(await bench.store.write('seal', input)).toBe(false);
      expect(sealStatement(made)).toContain('paidonce-seal-v1\n1\n');
    });
  });
}

describe('sealing by two nodes on PostgreSQL', () => {
  it('covers every attempt exactly once, and goes on when the node that has the lease is gone', async () => {
    const place = await postgresPlace();
    const clock = testClock();
    const one = await openBench(place, clock);
    const other = await openBench(place, clock, newId('nod', 1, 0));
    await one.addEndpoint({ concurrency: 200 });
    const sealer = (bench: Bench) => () =>
      sealAttempts({ store: bench.store, clock: bench.clock, observe: unobserved, sealKey });
    const attempts = new Set<string>();
    for (let round = 0; round < 5; round += 1) {
      for (let order = 0; order < 4; order += 1) await one.publish(`O-${round}-${order}`);
      const { claimed } = await one.claim();
      await Promise.all([
        ...claimed.map(async (claim) => {
          attempts.add(claim.delivery);
          await one.finish(claim);
        }),
        sealer(one)(),
        sealer(other)(),
      ]);
    }
    // The one that has the lease is not heard of again; until its time is over the other does nothing.
    await one.close();
    await sealer(other)();
    clock.at += 60_000;
    for (let left = 10; left > 0 && (await other.store.read('unsealed', { most: 1 })).entries.length > 0; left -= 1)
      await sealer(other)();
    const seals = await other.store.read('seals', { from: null, to: null, after: 0, most: 100 });
    expect(seals.map(({ number }) => number)).toEqual(seals.map((_, index) => index + 1));
    expect(seals.reduce((sum, { count }) => sum + count, 0)).toBe(attempts.size);
    expect(attempts.size).toBe(20);
    await other.close();
    await place.end();
  });
});
