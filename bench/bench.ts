import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { batches } from './batches.ts';
import { type Databases, sqliteDatabases } from './database.ts';
import { callbacksWithExit, signedPublishes } from './exit.ts';
import { freshTls } from './fresh-tls.ts';
import { growth } from './growth.ts';
import { callbackLines, pressureLines, publishLines, rateIn } from './lines.ts';
import type { LoadCalls } from './load.ts';
import { postgresDatabases } from './postgres-databases.ts';
import { fairness, overload } from './pressure.ts';
import { reconcile } from './reconcile.ts';
import { commit, type Line, machine, tableOf } from './report.ts';
import { Role } from './role.ts';
import * as scenarios from './scenarios.ts';
import type { SinkCalls } from './sink.ts';
import { statements } from './statements.ts';
import { verification } from './verify.ts';

const usage = `npm run bench -- [--quick] [--json] [--write] [--only <part>] [--profile <folder>]

  --store <store>     sqlite (the default) or postgres: on a server of the bench's own, or that of PAIDONCE_BENCH_DATABASE_URL
  --quick             a short run; differences under 1.6 times mean nothing
  --json              the lines as JSON
  --write             keep the table in bench/results.md
  --only <part>       one or more of: ceilings, hmac, wechatpay, exit, publish, batches, rsa, tls, growth, processes, overload, fairness, statements, reconcile, verify
  --profile <folder>  with a CPU profile of each measured server there`;

const full: scenarios.Sizes = {
  warmUp: 10_000,
  callbacks: 30_000,
  publishes: 20_000,
  bare: 60_000,
  ceiling: 30_000,
  paced: 5000,
  ratePerSecond: 1000,
  connections: 256,
  grown: 1_000_000,
  flood: 60_000,
  floodConnections: 2048,
  publishesEach: 100,
  statementRows: 1_000_000,
  hosts: 500,
};
const quick: scenarios.Sizes = {
  ...full,
  warmUp: 1000,
  callbacks: 6000,
  publishes: 5000,
  bare: 15_000,
  ceiling: 6400,
  paced: 1500,
  ratePerSecond: 500,
  grown: 50_000,
  flood: 30_000,
  publishesEach: 30,
  statementRows: 100_000,
  hosts: 200,
};

/** One endpoint that takes as much at once as the node sends. */
const endpointConcurrency = 256;
const parts = [
  'ceilings',
  'hmac',
  'wechatpay',
  'exit',
  'publish',
  'batches',
  'rsa',
  'tls',
  'growth',
  'processes',
  'overload',
  'fairness',
  'statements',
  'reconcile',
  'verify',
] as const;

const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'sqlite' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    profile: { type: 'string' },
  },
});
if (values.help) console.log(usage);
else await main();

async function main(): Promise<void> {
  const hardware = machine();
  const load = new Role<LoadCalls>('./load.ts');
  const sink = new Role<SinkCalls>('./sink.ts');
  const databases = await databasesOf(values.store);
  try {
    const sizes = values.quick ? quick : full;
    const sinkPort = await sink.call('listen', null);
    const bench = { sizes, load, sink, sinkPort, databases, profile: values.profile ?? null };
    const lines = await measure(bench);
    if (values.json) console.log(JSON.stringify({ hardware, commit: commit(), sizes, lines }, null, 2));
    else console.log(`${hardware}\n\n${tableOf(lines)}`);
    if (values.write) {
      const isVerify = values.only.length === 1 && values.only[0] === 'verify';
      writeSection(isVerify ? verifySection(hardware, lines) : storeSection(hardware, bench, lines));
    }
  } finally {
    load.stop();
    sink.stop();
    await databases.end();
  }
}

function databasesOf(store: string): Databases | Promise<Databases> {
  if (store === 'sqlite') return sqliteDatabases;
  if (store === 'postgres') return postgresDatabases(process.env.PAIDONCE_BENCH_DATABASE_URL ?? null);
  throw new Error(`there is no store ${store}`);
}

async function measure(bench: scenarios.Bench): Promise<Line[]> {
  const wanted = (part: (typeof parts)[number]) => values.only.length === 0 || values.only.includes(part);
  const lines: Line[] = [];
  const add = (...more: Line[]) => {
    for (const { what } of more) console.error(`measured: ${what}`);
    lines.push(...more);
  };
  let b: number | null = null;
  if (wanted('ceilings')) {
    const { startMs, memoryMib } = await scenarios.start(bench);
    add({ what: 'start', note: `listening after ${Math.round(startMs)} ms, ${Math.round(memoryMib)} MiB` });
    add({ what: 'bare node:http', ...rateIn(await scenarios.bareHttp(bench)) });
    add({ what: 'undici POSTs to the sink, no store', perSecond: await scenarios.plainPosts(bench) });
    const ceiling = await scenarios.ceilingB(bench);
    b = ceiling.perSecond;
    add({ what: 'ceiling B: HTTP, HMAC, 2 durable rows', ...rateIn(ceiling) });
  }
  for (const format of ['hmac', 'wechatpay'] as const) {
    if (wanted(format))
      add(...callbackLines(format, await scenarios.callbacks(bench, format), { b, sizes: bench.sizes }));
  }
  if (wanted('exit')) add(await callbacksWithExit(bench, endpointConcurrency, b));
  if (wanted('publish')) add(...publishLines(await scenarios.publishes(bench, endpointConcurrency), bench.sizes));
  if (wanted('batches')) add(...(await batches(bench, endpointConcurrency)));
  if (wanted('rsa')) add(...(await signedPublishes(bench, endpointConcurrency)));
  if (wanted('tls')) add(...(await freshTls(bench)));
  // Rows are made in the database, by one that can.
  if (wanted('growth') && bench.databases.store === 'postgres') add(...(await growth(bench, bench.sizes.grown)));
  for (const processes of wanted('processes') ? [1, 2] : []) {
    const { rate, saturated, loss } = await scenarios.byProcesses(bench, 'wechatpay', processes);
    const by = processes === 1 ? 'one process' : `${processes} processes beside the store's`;
    add({ what: `callbacks (wechatpay) by ${by}`, ...rateIn(rate), ...saturated, loss });
  }
  if (wanted('overload')) add(...pressureLines({ overload: await overload(bench) }));
  if (wanted('fairness')) add(...pressureLines({ fairness: await fairness(bench) }));
  if (wanted('verify')) add(...(await verification()));
  if (wanted('statements')) add(...(await statements(bench.sizes.statementRows)));
  if (wanted('reconcile')) add(...(await reconcile(bench)));
  return lines;
}

function storeSection(hardware: string, { sizes, databases }: scenarios.Bench, lines: readonly Line[]): string {
  return `## ${databases.title}

\`npm run bench -- --store ${values.store} --write\`, ${new Date().toISOString().slice(0, 10)}, commit ${commit()}. ${hardware}.

Server, load generator and sink share these cores. Every server is \`paidonce serve\` on an empty data folder and an empty store: ${databases.described}.
Callbacks are for distinct orders that were announced before; publishes carry an idempotency key and go to one endpoint.
A = the rows that one callback or publish leaves, with all their indexes, in raw transactions of 64, nothing in front;
B = HTTP, HMAC and two rows with six indexes, group-committed. Measured with ${sizes.callbacks} callbacks and ${sizes.publishes} publishes after ${sizes.warmUp} to warm up.
On a machine with neighbours, differences under 1.6 times mean nothing.

${tableOf(lines)}
`;
}

function verifySection(hardware: string, lines: readonly Line[]): string {
  return `## Verification

\`npm run bench -- --only verify --write\`, ${new Date().toISOString().slice(0, 10)}, commit ${commit()}. ${hardware}.

What one thread needs to open a genuine callback of each provider, with its key objects made before: the median of 5,000 after 1,000.

${tableOf(lines)}
`;
}

/** In the place of the section of that title; the others stay. */
function writeSection(section: string): void {
  const file = new URL('./results.md', import.meta.url);
  const [title = ''] = section.split('\n');
  const [head = '', ...sections] = readFileSync(file, 'utf8').split(/^(?=## )/m);
  const others = sections.filter((one) => !one.startsWith(`${title}\n`)).map((one) => one.trimEnd());
  writeFileSync(file, `${[head.trimEnd(), ...[...others, section.trimEnd()].sort().reverse()].join('\n\n')}\n`);
}
