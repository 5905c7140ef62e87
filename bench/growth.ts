import { on } from './postgres-databases.ts';
import type { Product } from './product.ts';
import type { Line } from './report.ts';
import { type Bench, closed, onProduct, perSecond, slice } from './scenarios.ts';
import * as traffic from './traffic.ts';

/**
 * Publishes on an empty store, then on the same store with that many deliveries finished and as many pending: half of these not due
 * for a day, the other half due in lanes that are paused, wait for their breaker, have a rate, or whose endpoint hangs.
 */
export async function growth(bench: Bench, rows: number): Promise<Line[]> {
  const { sizes, sinkPort } = bench;
  return onProduct({ ...bench, profile: null }, async (product) => {
    const url = product.database.env.PAIDONCE_DATABASE_URL ?? '';
    await traffic.addEndpoint(product, sinkPort, 256);
    const orders = traffic.orderNumbers('g', sizes.warmUp + 2 * sizes.publishes);
    const requests = traffic.publishes(product, orders);
    await closed(bench, product.port, slice(requests, 0, sizes.warmUp));
    await product.confirmed('sending', sizes.warmUp);
    const measured = async (from: number) => {
      const before = product.cpuMs();
      const result = await closed(bench, product.port, slice(requests, from, from + sizes.publishes));
      const recordedAt = await product.confirmed('sending', from + sizes.publishes);
      const spent = [...product.cpuMs()].reduce((sum, [name, ms]) => sum + ms - (before.get(name) ?? 0), 0);
      return {
        accepted: perSecond(result),
        perSecond: (sizes.publishes / (recordedAt - (result.sentAt[0] ?? 0))) * 1000,
        cpuUs: (spent / sizes.publishes) * 1000,
        memoryMib: product.memoryMib(),
      };
    };
    const empty = await measured(sizes.warmUp);
    await grow(product, url, rows, sinkPort);
    const full = await measured(sizes.warmUp + sizes.publishes);
    const note = (one: typeof empty) => `${Math.round(one.accepted)}/s accepted, ${Math.round(one.memoryMib)} MiB`;
    return [
      { what: 'publish → recorded, empty store', perSecond: empty.perSecond, cpuUs: empty.cpuUs, note: note(empty) },
      {
        what: `publish → recorded, beside ${rows.toLocaleString('en')} finished and as many pending`,
        perSecond: full.perSecond,
        cpuUs: full.cpuUs,
        note: `${note(full)}; ${Math.round((full.perSecond / empty.perSecond) * 100)} % of empty`,
      },
    ];
  });
}

const other = 'growth';
const dayMs = 86_400_000;

/** Endpoints of another merchant, so that what is measured does not fan out to them; their lanes get the pending deliveries. */
async function grow(product: Product, url: string, rows: number, sinkPort: number): Promise<void> {
  await traffic.addMerchant(product, other);
  const sink = `http://127.0.0.1:${sinkPort}`;
  const lanes = [];
  for (const kind of ['paused', 'breaker', 'rate', 'hang'] as const) {
    const path = `/v1/merchants/${other}/endpoints`;
    const rate = kind === 'rate' ? { rate_per_second: 1 } : {};
    const at = { url: `${sink}/${kind === 'hang' ? 'hang' : 'sink'}`, provider: 'standard', ...rate };
    const { id } = await product.call<{ id: string }>('POST', path, at);
    const change = kind === 'paused' ? { state: 'paused', next_due: null } : { next_due: 0 };
    const breaker = kind === 'breaker' ? { open_until: Date.now() + dayMs, opens: 1 } : {};
    lanes.push({ endpoint: id, ...change, ...breaker });
  }
  const [sample] = (await on<{ id: string; bucket: number }>(url, 'select id, bucket from paidonce.deliveries limit 1'))
    .rows;
  if (sample === undefined) throw new Error('nothing was published before');
  // Ids sort as those of the product do; what they hold beside is never read.
  await on(
    url,
    `insert into paidonce.deliveries (bucket, id, merchant, notification, lane, kind, state, due_at, attempts, tries, rescues, step, created_at)
     select d.bucket, left(d.id, 16) || lpad(n::text, 14, '0'), d.merchant, d.notification, d.lane, d.kind, 'confirmed', null, 1, 1, 0, 'confirmed', d.created_at
     from paidonce.deliveries d, generate_series(1, $2::integer) n where d.id = $1`,
    [sample.id, rows],
  );
  await on(
    url,
    `insert into paidonce.deliveries (bucket, id, merchant, notification, lane, kind, state, due_at, attempts, tries, rescues, created_at)
     select d.bucket, left(d.id, 16) || lpad(($2::integer + n)::text, 14, '0'), l.merchant, d.notification, l.id, d.kind, 'pending',
       d.created_at + case when n % 8 < 4 then $3::bigint else 0 end, 0, 0, 0, d.created_at
     from paidonce.deliveries d, generate_series(1, $2::integer) n
     join (select id, merchant, row_number() over (order by id) - 1 as place from paidonce.lanes where merchant = $4) l on l.place = n % 4
     where d.id = $1`,
    [sample.id, rows, dayMs, other],
  );
  await wake(url, lanes);
}

/** Lanes as the product would leave them with what is in them now. */
async function wake(url: string, lanes: readonly { endpoint: string }[]): Promise<void> {
  for (const { endpoint, ...values } of lanes) {
    const columns = Object.entries(values);
    const set = columns.map(([column], index) => `${column} = $${index + 2}`).join(', ');
    await on(url, `update paidonce.lanes set ${set} where strpos(id, $1) > 0`, [
      endpoint,
      ...columns.map(([, value]) => value),
    ]);
  }
  await on(url, 'vacuum analyze');
}
