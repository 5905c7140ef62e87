import { AppError } from '../../domain/errors.ts';
import { at, idAt, integerText, type Json, textAt } from '../primitives/json.ts';
import { shown } from '../primitives/refusal.ts';
import type { ClientWorld } from '../provider.ts';
import { absentBill, billFile, billUrl } from './bill-file.ts';
import { callStripe, type StripeAccess, stripeIdentity, stripeUrl } from './stripe-calls.ts';

/** What `readStripeStatement` reads of it. */
const columns = [
  'balance_transaction_id',
  'created_utc',
  'currency',
  'gross',
  'fee',
  'net',
  'reporting_category',
  'source_id',
  'customer_facing_amount',
  'customer_facing_currency',
  'charge_id',
  'payment_intent_id',
  'payment_metadata[order_no]',
  'payment_metadata[order_id]',
];
const reportType = 'balance_change_from_activity.itemized.3';

/**
 * A day's itemised report (docs.stripe.com/reports/api, "Report types: balance"; api: reporting/report_runs; read 2026-11-26). Stripe makes
 * it while we wait elsewhere: the run of a day has a key, so that asking again finds it instead of beginning another.
 *
 * @throws AppError `statement.absent` while Stripe has not the day's data, or makes the report.
 */
export async function* stripeBill(
  day: string,
  { access, world }: { access: StripeAccess; world: ClientWorld },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { api_base_url: baseUrl = stripeUrl } = access;
  const get = (path: string) => callStripe(access, world, { path, signal });
  const start = Date.parse(`${day}T00:00:00Z`) / 1000;
  const end = start + 86_400;
  const known = integerText(at(await get(`/v1/reporting/report_types/${reportType}`), 'data_available_end'));
  if (known === null || Number(known) < end) throw absentBill('stripe', day, 'its data is not there yet');
  const form = {
    report_type: reportType,
    'parameters[interval_start]': String(start),
    'parameters[interval_end]': String(end),
    'parameters[timezone]': 'Etc/UTC',
    ...Object.fromEntries(columns.map((name, index) => [`parameters[columns][${index}]`, name])),
  };
  // With what there was when it began: as soon as Stripe has more, a run that failed is not the answer any more.
  const key = `paidonce-${reportType}-${day}-${known}`;
  const begun = { path: '/v1/reporting/report_runs', form, headers: [['idempotency-key', key]], signal } as const;
  const id = idAt(await callStripe(access, world, begun), 'id');
  const run = id === null ? null : await get(`/v1/reporting/report_runs/${encodeURIComponent(id)}`);
  const place = { platform: 'stripe', baseUrl, hosts: ['files.stripe.com'] };
  const { href: url } = billUrl(place, fileIn(run, day));
  const request = { method: 'GET', url, headers: stripeIdentity(access), body: new Uint8Array(0) } as const;
  yield* billFile(world, { platform: 'stripe', request }, signal);
}

function fileIn(run: Json, day: string): string | null {
  switch (textAt(run, 'status')) {
    case 'succeeded':
      return textAt(run, 'result.url');
    case 'pending':
      throw absentBill('stripe', day, 'its report is being made');
    case 'failed':
      throw new AppError('provider.refused', `stripe made no report: ${shown(textAt(run, 'error') ?? '')}`);
    default:
      throw new AppError('provider.answer', 'stripe answered something else than a run of a report');
  }
}
