import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { compileCache } from '../support/compile-cache.ts';
import { connectTo, type Kind } from './databases.ts';
import { effectFile, foundFile, killFile, type Life, points, storeFolder } from './life.ts';
import { foreignPlace } from './places.ts';

const killsPerPoint = 20;
const script = fileURLToPath(new URL('./child.ts', import.meta.url));
const env = { PATH: process.env.PATH, ...compileCache };

/** One process after the other works on one store and one foreign database; each is killed at a point, the last one finishes. */
export function crashSuite(kind: Kind): void {
  it(`work is there once though the process was killed ${killsPerPoint} times at each point`, async () => {
    const place = await foreignPlace(kind);
    const folder = await mkdtemp(join(tmpdir(), 'paidonce-crash-'));
    const foreign = { kind, at: place.at };
    const lives = new Lives();
    try {
      const deaths = killsPerPoint * points.length;
      for (let number = 0; number < deaths; number += 1) {
        // What the last one left comes first: at a later pass other work dies than before.
        const after = 2 + (number % 3);
        const point = points[number % points.length] ?? 'never';
        expect(await lives.next({ folder, foreign, number, point, after })).toBe('SIGKILL');
      }
      expect(await lives.next({ folder, foreign, number: deaths, point: 'never', after: 0 })).toBe(0);
      const linesOf = (file: string) => readFileSync(join(folder, file), 'utf8').trimEnd().split('\n');
      for (const point of points)
        expect(linesOf(killFile).filter((line) => line === point)).toHaveLength(killsPerPoint);
      expect(linesOf(foundFile).length).toBeGreaterThanOrEqual(killsPerPoint);
      const published = notificationsIn(join(folder, storeFolder, 'paidonce.db'));
      expect(published.length).toBeGreaterThan(deaths);
      const { all, end } = connectTo(place);
      const written = (await all('select notification from shop_book')).map((row) => String(row.notification));
      await end();
      expect(written.toSorted()).toEqual(published.toSorted());
      const effects = new Set(linesOf(effectFile));
      expect([...effects].toSorted()).toEqual(published.map((id) => `${id}:book:coupon`).toSorted());
    } finally {
      lives.close();
      await place.remove();
      await rm(folder, { recursive: true, force: true });
    }
  }, 600_000);
}

/** Processes, each loaded while the one before it lives. */
class Lives {
  #standby = load();

  /** Resolves when the next one has ended: by which signal, or with which code. */
  async next(life: Life): Promise<string | number> {
    const child = this.#standby;
    this.#standby = load();
    child.send(life);
    const [code, signal] = await once(child, 'exit');
    return signal ?? code;
  }

  close(): void {
    this.#standby.kill('SIGKILL');
  }
}

function load(): ChildProcess {
  return fork(script, { env, execArgv: ['--no-warnings'] });
}

function notificationsIn(file: string): string[] {
  const database = new DatabaseSync(file);
  try {
    return database
      .prepare('select id from paidonce_notifications')
      .all()
      .map(({ id }) => String(id));
  } finally {
    database.close();
  }
}
