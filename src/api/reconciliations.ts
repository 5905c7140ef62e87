import { z } from '@hono/zod-openapi';
import { toIso } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { factKinds } from '../domain/fact.ts';
import { asId } from '../domain/ids.ts';
import { minorToJson } from '../domain/money.ts';
import {
  type Difference,
  differenceKinds,
  type ExpectedFee,
  type Reconciliation,
  reconciliationStates,
  type Side,
} from '../domain/reconciliation.ts';
import type { Service } from '../service.ts';
import { type Caller, sees } from './auth.ts';
import { differencesAsCsv } from './differences-csv.ts';
import { amountMinor, amountOrNull, answered, filter, listOf, pageView, paging, text } from './fields.ts';
import type { Routes } from './route.ts';

const date = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a day like 2026-01-05')
  .openapi({ example: '2026-01-05', description: "The bill's day, in the zone of the provider's bills." });

const newReconciliation = z
  .strictObject({
    account: text(1, 64),
    date,
    statement: z
      .union([z.string(), z.custom<AsyncIterable<Uint8Array>>(isStream)])
      .optional()
      .openapi({
        type: 'string',
        description:
          "The provider's file: its text, or in a form the file itself, as the last part. Without it the bill is fetched.",
      }),
    fee_rate: z
      .string()
      .regex(/^0(\.\d{1,6})?$/, 'must be a share below 1 with at most six digits, such as 0.006')
      .optional()
      .openapi({
        example: '0.006',
        description:
          'The share of a capture that the provider is to keep. A fee off by a minor unit or more is a difference.',
      }),
    fee_fixed_minor: amountMinor
      .optional()
      .openapi({ description: 'What it is to keep of each capture beside that, in minor units of its currency.' }),
  })
  .openapi('NewReconciliation');

const count = z.int();
const sum = z.object({ rows: count, ours_minor: answered.amount, theirs_minor: answered.amount });
const is = z.enum(['matched', ...differenceKinds]);
const answer = z
  .object({
    id: z.string(),
    by: z.string(),
    merchant: z.string(),
    account: z.string(),
    date: z.string(),
    from: answered.time,
    to: answered.time,
    statement: z.enum(['uploaded', 'fetched']),
    state: z.enum(reconciliationStates),
    failure: z.object({ code: z.string(), detail: z.string() }).nullable(),
    progress: z.object({
      rows: count.openapi({ description: 'Rows of the bill that were read.' }),
      other_rows: count.openapi({ description: "Rows that move no order's money." }),
      bytes: count.openapi({ description: "Of the bill's file, as it was read." }),
      file_bytes: count.nullable().openapi({ description: 'How large the file is; null where it is fetched.' }),
    }),
    counts: z.partialRecord(is, count).openapi({ description: 'Rows by what came of them.' }),
    sums: z
      .array(
        z.object({
          currency: z.string().nullable(),
          kind: z.enum(factKinds),
          ours_minor: answered.amount,
          theirs_minor: answered.amount,
          difference_minor: answered.amount.openapi({ description: 'Theirs less ours: what `by` explains.' }),
          by: z.partialRecord(is, sum),
        }),
      )
      .openapi({ description: 'By currency and kind of fact.' }),
    fees: z.array(z.object({ currency: z.string(), fee_minor: answered.amount })),
    created_at: answered.time,
    updated_at: answered.time,
  })
  .openapi('Reconciliation');
export type ReconciliationRow = z.output<typeof answer>;

const side = z.object({
  kind: z.enum(factKinds),
  amount_minor: answered.amount.nullable(),
  currency: z.string().nullable(),
  at: answered.time,
});
const difference = z
  .object({
    kind: z.enum(differenceKinds),
    date: z.string().openapi({
      description: "Another day than the bill's where this bill decided what that day left open; it is in no sum here.",
    }),
    fact_kind: z.enum(factKinds),
    payment_id: z.string(),
    operation_id: z.string(),
    reference: z.string().nullable(),
    order_no: z.string().nullable(),
    expected_fee_minor: answered.amount.nullable(),
    ours: side.nullable(),
    theirs: side
      .extend({ line: count, type: z.string(), fee_minor: answered.amount.nullable() })
      .nullable()
      .openapi({ description: "What the bill says: its line, and the provider's own word." }),
  })
  .openapi('Difference');
export type DifferenceRow = z.output<typeof difference>;

const tag = 'Reconciliations';
const params = z.strictObject({ id: text(1, 64) });

export function addReconciliations(routes: Routes): void {
  routes.add({
    method: 'post',
    path: '/v1/reconciliations',
    tag,
    summary: "Compare a provider's bill with our facts",
    description:
      'A durable job. Rows become facts of the best source, what the bill does not list opens `missing_at_provider`. The same day again gives the same result and doubles nothing.',
    need: ['operate'],
    body: newReconciliation,
    form: true,
    example: { account: 'acc_…', date: '2026-01-05' },
    statuses: [202],
    answer,
    refusals: [
      'account.unknown',
      'account.credentials',
      'statement.unsupported',
      'provider.cannot_ask',
      'request.incomplete',
    ],
    async run({ service, caller, body }) {
      const account = await service.store.read('account', asId.account(body.account));
      if (account === null || !sees(caller, account.merchant))
        throw new AppError('account.unknown', `there is no account ${body.account}`);
      const { statement = null } = body;
      const file = typeof statement === 'string' ? textFile(statement) : statement;
      const begun = await service.reconciliations.begin({
        account: account.id,
        day: body.date,
        file,
        by: caller.name,
        expectedFee: expectedFeeIn(body),
      });
      return { status: 202, body: reconciliationView(begun) };
    },
  });
  routes.add({
    method: 'get',
    path: '/v1/reconciliations',
    tag,
    summary: 'List reconciliations',
    need: ['read'],
    query: z.strictObject({ ...paging, account: filter(text(1, 64)), date: filter(date) }),
    statuses: [200],
    answer: listOf(answer),
    refusals: [],
    async run({ service, caller, query }) {
      const { account, date: day, ...page } = query;
      const only = { visible: caller.visible, account: account === null ? null : asId.account(account), day };
      return {
        status: 200,
        body: pageView(await service.store.read('reconciliations', { ...page, ...only }), reconciliationView),
      };
    },
  });
  addOneReconciliation(routes);
}

function addOneReconciliation(routes: Routes): void {
  routes.add({
    method: 'get',
    path: '/v1/reconciliations/{id}',
    tag,
    summary: 'Read a reconciliation with its progress and sums',
    need: ['read'],
    params,
    statuses: [200],
    answer,
    refusals: ['reconciliation.unknown'],
    async run({ service, caller, params }) {
      return { status: 200, body: reconciliationView(await reconciliationFor(service, caller, params.id)) };
    },
  });
  routes.add({
    method: 'get',
    path: '/v1/reconciliations/{id}/differences',
    tag,
    summary: 'List what differs',
    description: '`format=csv` gives all of it as one file.',
    need: ['read'],
    params,
    query: z.strictObject({
      ...paging,
      kind: filter(z.enum(differenceKinds)),
      format: z.enum(['json', 'csv']).default('json'),
    }),
    statuses: [200],
    answer: listOf(difference),
    refusals: ['reconciliation.unknown'],
    async run({ service, caller, params, query }) {
      const { id, run } = await reconciliationFor(service, caller, params.id);
      const { kind, format, ...page } = query;
      const body = { data: [], next_cursor: null };
      if (format === 'csv') return { status: 200, body, file: differencesAsCsv(service, { id, run, kind }) };
      const found = await service.store.read('differences', { ...page, id, run, kind });
      return { status: 200, body: pageView(found, differenceView) };
    },
  });
}

function expectedFeeIn({
  fee_rate: rate,
  fee_fixed_minor: fixedMinor,
}: z.output<typeof newReconciliation>): ExpectedFee | null {
  if (rate === undefined && fixedMinor === undefined) return null;
  const [, digits = ''] = (rate ?? '0').split('.');
  return { ratePpm: BigInt(digits.padEnd(6, '0')), fixedMinor: fixedMinor ?? 0n };
}

async function* textFile(statement: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(statement);
}

function isStream(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** @throws AppError `reconciliation.unknown`, also for one that the caller may not see. */
async function reconciliationFor(service: Service, caller: Caller, id: string): Promise<Reconciliation> {
  const found = await service.reconciliations.find(id);
  if (!sees(caller, found.merchant)) throw new AppError('reconciliation.unknown', `there is no reconciliation ${id}`);
  return found;
}

function reconciliationView(one: Reconciliation): z.input<typeof answer> {
  const { id, by, merchant, account, day, from, to, file, state, failure, progress, createdAt, updatedAt } = one;
  const { rows, otherRows, bytes, fileBytes, tallies, fees } = progress;
  const counts: Partial<Record<z.output<typeof is>, number>> = {};
  for (const tally of tallies) counts[tally.is] = (counts[tally.is] ?? 0) + tally.rows;
  return {
    id,
    by,
    merchant,
    account,
    date: day,
    from: toIso(from),
    to: toIso(to),
    statement: file,
    state,
    failure,
    progress: { rows, other_rows: otherRows, bytes, file_bytes: fileBytes },
    counts,
    sums: sumsView(tallies),
    fees: fees.map(({ currency, feeMinor }) => ({ currency, fee_minor: minorToJson(feeMinor) })),
    created_at: toIso(createdAt),
    updated_at: toIso(updatedAt),
  };
}

function sumsView(tallies: Reconciliation['progress']['tallies']): z.input<typeof answer>['sums'] {
  const groups = Map.groupBy(tallies, ({ currency, kind }) => `${kind} ${currency}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const ours = group.reduce((total, { oursMinor }) => total + oursMinor, 0n);
    const theirs = group.reduce((total, { theirsMinor }) => total + theirsMinor, 0n);
    const by = group.map(({ is: what, rows, oursMinor, theirsMinor }) => [
      what,
      { rows, ours_minor: minorToJson(oursMinor), theirs_minor: minorToJson(theirsMinor) },
    ]);
    return {
      currency: first.currency,
      kind: first.kind,
      ours_minor: minorToJson(ours),
      theirs_minor: minorToJson(theirs),
      difference_minor: minorToJson(theirs - ours),
      by: Object.fromEntries(by),
    };
  });
}

function differenceView({ ours, theirs, ...one }: Difference): z.input<typeof difference> {
  return {
    kind: one.kind,
    date: one.day,
    fact_kind: one.factKind,
    payment_id: one.paymentId,
    operation_id: one.operationId,
    reference: one.reference,
    order_no: one.orderNo,
    expected_fee_minor: amountOrNull(one.expectedFeeMinor),
    ours: ours === null ? null : sideView(ours),
    theirs:
      theirs === null
        ? null
        : { ...sideView(theirs), line: theirs.line, type: theirs.type, fee_minor: amountOrNull(theirs.feeMinor) },
  };
}

function sideView({ kind, amountMinor, currency, at }: Side): z.input<typeof side> {
  return { kind, amount_minor: amountOrNull(amountMinor), currency, at: toIso(at) };
}
