import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fact, FactKind } from '../../../src/domain/fact.ts';
import { adyenBill } from '../../../src/sandbox/bills/adyen.ts';
import { alipayBill } from '../../../src/sandbox/bills/alipay.ts';
import { paypalBill } from '../../../src/sandbox/bills/paypal.ts';
import { stripeBill } from '../../../src/sandbox/bills/stripe.ts';
import type { BillRow } from '../../../src/sandbox/bills/text.ts';
import { wechatpayBill } from '../../../src/sandbox/bills/wechatpay.ts';
import { captured, inBytes, type Reader, readerOf, rowsOf } from './support.ts';

interface Format {
  read: Reader;
  write: (rows: readonly BillRow[]) => Iterable<Uint8Array>;
  kinds: readonly FactKind[];
  currencies: readonly string[];
  /** Kinds that go by the payment's own id. */
  ofPayment: readonly FactKind[];
  cumulative?: true;
}

const mchid = '1900000109';
const formats: Record<string, Format> = {
  wechatpay: {
    read: readerOf('wechatpay'),
    write: (rows) => wechatpayBill(rows, { mchid, appid: 'wx8888888888888888' }),
    kinds: ['captured', 'closed', 'refunded', 'refund_pending', 'refund_failed'],
    currencies: ['CNY'],
    ofPayment: ['captured', 'closed'],
  },
  alipay: {
    read: readerOf('alipay'),
    write: (rows) => alipayBill(rows, { sellerId: '2088101117955611', day: '2026-01-05' }),
    kinds: ['captured', 'refunded'],
    currencies: ['CNY'],
    ofPayment: ['captured'],
  },
  stripe: {
    read: readerOf('stripe'),
    write: stripeBill,
    kinds: ['captured', 'refunded', 'refund_bounced', 'dispute_opened', 'dispute_won'],
    currencies: ['USD', 'JPY', 'KWD', 'UGX'],
    ofPayment: ['captured'],
    cumulative: true,
  },
  adyen: {
    read: readerOf('adyen'),
    write: (rows) => adyenBill(rows, { merchantAccount: 'TestMerchant' }),
    kinds: ['captured', 'refunded', 'refund_bounced', 'dispute_opened', 'dispute_won', 'dispute_lost'],
    currencies: ['EUR', 'JPY', 'KWD'],
    ofPayment: ['captured'],
  },
  paypal: {
    read: readerOf('paypal'),
    write: (rows) => paypalBill(rows, { merchant: 'MERCHANT', from: Date.parse('2026-01-05T00:00:00Z') }),
    kinds: ['captured', 'refunded'],
    currencies: ['USD', 'EUR', 'JPY'],
    ofPayment: ['captured'],
  },
};

/** The reference is free text of the merchant's: what a format cannot escape is left out. */
const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,30}$/).map((text) => `P${text}`);
const reference = fc.stringMatching(/^[A-Za-z0-9订单号 _#"'-]{0,20}[A-Za-z0-9]$/).map((text) => `O${text}`);
const amount = fc.bigInt(0n, 10n ** 12n);

function rowsFor({ kinds, currencies, ofPayment, cumulative }: Format): fc.Arbitrary<BillRow[]> {
  const row = fc
    .record({ kind: fc.constantFrom(...kinds), paymentId: id, own: id, reference, amount, fee: fc.bigInt(-500n, 500n) })
    .chain((said) => fc.record({ said: fc.constant(said), currency: fc.constantFrom(...currencies), second: second }));
  return fc.array(row.map(toRow), { maxLength: 20 });

  function toRow({ said, currency, second: at }: { said: Said; currency: string; second: number }): BillRow {
    const { kind, paymentId, own } = said;
    const fact: Fact = captured({
      kind,
      paymentId,
      operationId: ofPayment.includes(kind) ? paymentId : own,
      reference: said.reference,
      amountMinor: said.amount,
      currency,
      measure: cumulative && kind === 'captured' ? 'cumulative' : 'single',
      providerTime: Date.parse('2026-01-05T00:00:00Z') + at * 1000,
    });
    return { fact, feeMinor: said.fee };
  }
}

const second = fc.integer({ min: 0, max: 57_599 });
interface Said {
  kind: FactKind;
  paymentId: string;
  own: string;
  reference: string;
  amount: bigint;
  fee: bigint;
}

describe.each(Object.entries(formats))('the bill of %s', (_name, format) => {
  it('reads as what was written, in pieces of any size', async () => {
    await fc.assert(
      fc.asyncProperty(rowsFor(format), fc.integer({ min: 1, max: 3000 }), async (rows, bytesEach) => {
        const read = await rowsOf(format.read(inBytes(format.write(rows), bytesEach)));
        expect(read.map(({ fact, feeMinor }) => ({ fact, feeMinor }))).toEqual(rows);
        expect(read.every(({ line }, index) => line > (read[index - 1]?.line ?? 1))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('cannot be made of a fact that it has no word for', () => {
    expect(() => [...format.write([{ fact: captured({ kind: 'voided' }), feeMinor: 0n }])]).toThrow(RangeError);
  });
});
