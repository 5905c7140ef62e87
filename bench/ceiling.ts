import type { Database, Databases } from './database.ts';
import { inFolder } from './folder.ts';
import { Product } from './product.ts';
import type { RawFigures, RawInsertCalls } from './raw-insert.ts';
import type { RawPostgresInsertCalls } from './raw-insert-postgres.ts';
import { Role } from './role.ts';
import { type RowShape, shapesOf } from './rows.ts';

/** As many operations as the product commits together, over as many connections. */
const batch = 64;
const connections = 4;

export interface Ceiling extends RawFigures {
  rows: string[];
}

interface Asked {
  databases: Databases;
  /** `ceiling`: how many times the rows are inserted. */
  sizes: { ceiling: number };
}

/** Ceiling A: takes the rows that `step` leaves in a product's database, and inserts the same raw into an empty one. */
export async function ceilingOf(
  bench: Asked,
  { database }: Product,
  step: (index: number) => Promise<void>,
): Promise<Ceiling> {
  const { shapes, schema } = await undisturbed(database, step);
  const rows = shapes.map(
    ({ table, kind }) => `${table.replace('paidonce_', '')}${kind === 'insert' ? '' : ` (${kind})`}`,
  );
  const raw = bench.databases.store === 'sqlite' ? onSqlite(bench, schema, shapes) : onPostgres(bench, shapes);
  return { ...(await raw), rows };
}

const triesMax = 5;
/** How many steps it may take. */
export const ceilingSteps = 3 * triesMax;

async function undisturbed(
  database: Database,
  step: (index: number) => Promise<void>,
): Promise<{ shapes: RowShape[]; schema: readonly string[] }> {
  for (let first = 0; first < ceilingSteps; first += 3) {
    await step(first);
    const before = await database.look();
    await step(first + 1);
    const between = await database.look();
    await step(first + 2);
    const after = await database.look();
    const shapes = shapesOf(before.tables, between.tables, after.tables);
    if (shapes !== null) return { shapes, schema: after.schema };
  }
  throw new Error(`two of them left different rows ${triesMax} times`);
}

async function onSqlite({ sizes }: Asked, schema: readonly string[], shapes: readonly RowShape[]): Promise<RawFigures> {
  const raw = new Role<RawInsertCalls>('./raw-insert.ts');
  try {
    return await inFolder((folder) => raw.call('run', { folder, schema, shapes, count: sizes.ceiling, batch }));
  } finally {
    raw.stop();
  }
}

async function onPostgres({ sizes, databases }: Asked, shapes: readonly RowShape[]): Promise<RawFigures> {
  const raw = new Role<RawPostgresInsertCalls>('./raw-insert-postgres.ts');
  try {
    return await inFolder(async (folder) => {
      const database = await databases.open(folder);
      // It makes its tables at its start.
      await (await Product.start(folder, database)).stop();
      const url = database.env.PAIDONCE_DATABASE_URL ?? '';
      const figures = await raw.call('run', { url, shapes, count: sizes.ceiling, batch, connections });
      await database.remove();
      return figures;
    });
  } finally {
    raw.stop();
  }
}
