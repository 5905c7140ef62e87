import { parseArgs } from 'node:util';
import { simulate } from './simulation.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    orders: { type: 'string' },
    format: { type: 'string' },
  },
});
const orders = Number(values.orders ?? 100);
const first = Number(values.seed ?? 1);
const seeds = Number(values.seeds ?? 1);
const sum = { orders: 0, facts: 0, crashes: 0, differences: 0 };
for (let seed = first; seed < first + seeds; seed += 1) {
  const outcome = await simulate(String(seed), orders, values.format === undefined ? {} : { format: values.format });
  sum.orders += outcome.orders;
  sum.facts += outcome.facts;
  sum.crashes += outcome.crashes;
  sum.differences += outcome.differences.length;
  for (const difference of outcome.differences) console.log(`seed ${seed}: ${difference}`);
}
console.log(`${sum.orders} orders, ${sum.facts} facts, ${sum.crashes} crashes, ${sum.differences} differences`);
process.exitCode = sum.differences === 0 ? 0 : 1;
