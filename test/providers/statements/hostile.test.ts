import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/domain/limits.ts';
import { adyenBill } from '../../../src/sandbox/bills/adyen.ts';
import { alipayBill } from '../../../src/sandbox/bills/alipay.ts';
import { paypalBill } from '../../../src/sandbox/bills/paypal.ts';
import { stripeBill } from '../../../src/sandbox/bills/stripe.ts';
import { wechatpayBill } from '../../../src/sandbox/bills/wechatpay.ts';
import { captured, fileOf, inBytes, type Reader, readerOf, refusalOf, rowsOf } from './support.ts';

const rows = [1n, 2n, 3n].map((amountMinor) => ({ fact: captured({ amountMinor }), feeMinor: 0n }));
const inCurrency = (currency: string) => rows.map((row) => ({ ...row, fact: { ...row.fact, currency } }));
const textBills: [name: string, read: Reader, bytes: Buffer][] = [
  ['wechatpay', readerOf('wechatpay'), Buffer.concat([...wechatpayBill(rows, { mchid: '1900000109', appid: 'wx1' })])],
  ['stripe', readerOf('stripe'), Buffer.concat([...stripeBill(inCurrency('USD'))])],
  ['adyen', readerOf('adyen'), Buffer.concat([...adyenBill(inCurrency('EUR'), { merchantAccount: 'TestMerchant' })])],
  ['paypal', readerOf('paypal'), Buffer.concat([...paypalBill(inCurrency('USD'), { merchant: 'M', from: 0 })])],
];
const alipay = readerOf('alipay');
const alipayZip = Buffer.concat([...alipayBill(rows, { sellerId: '2088101117955611', day: '2026-01-05' })]);

describe.each(textBills)('a bill of %s', (_name, read, bytes) => {
  const spoiled = (spoil: (text: string) => string) => inBytes([Buffer.from(spoil(bytes.toString()))]);

  it('is read when nothing is wrong with it', async () => {
    expect(await rowsOf(read(inBytes([bytes])))).toHaveLength(3);
  });

  it('is refused when it is cut off inside a row', async () => {
    expect(await refusalOf(read(inBytes([bytes.subarray(0, bytes.lastIndexOf(',') - 20)])))).toMatch(/^line \d+: /);
  });

  it('is refused when it is empty', async () => {
    expect(await refusalOf(read(inBytes([])))).toMatch(/^line \d+: /);
  });

  it('is refused with a NUL, and says on which line', async () => {
    expect(await refusalOf(read(spoiled((text) => text.replace('ORDER-1', 'ORDER\0-1'))))).toMatch(
      /^line [2-5]: it holds a NUL/,
    );
  });

  it('is refused in another charset', async () => {
    const bad = Buffer.concat([bytes.subarray(0, 40), Buffer.from([0xff, 0xfe]), bytes.subarray(40)]);
    expect(await refusalOf(read(inBytes([bad])))).toContain('is not in utf-8');
  });

  it('is refused with a line without an end', async () => {
    const long = inBytes(Array.from({ length: 100 }, () => Buffer.alloc(limits.statementLineCharactersMax / 8, 'a')));
    expect(await refusalOf(read(long))).toContain(`longer than ${limits.statementLineCharactersMax}`);
  });

  it('is refused with titles that it does not know', async () => {
    expect(await refusalOf(read(fileOf('a,b,c', '1,2,3')))).toMatch(/^line 1: /);
  });

  it('is refused when a spreadsheet has rounded its ids', async () => {
    expect(await refusalOf(read(spoiled((text) => text.replaceAll('PAY-1', '4.00123E+27'))))).toContain('spreadsheet');
  });
});

describe.each(textBills.slice(1))('a bill of %s, whose cells may be quoted,', (_name, read, bytes) => {
  const lines = bytes.toString().split('\r\n');

  it('is refused with a quote that does not close', async () => {
    expect(await refusalOf(read(fileOf(...lines, '"SB","never closed')))).toMatch(/a quote does not close/);
  });

  it('is refused with text after a closing quote', async () => {
    expect(await refusalOf(read(fileOf(...lines.slice(0, 1), '"a"b,c')))).toContain('text follows a closing quote');
  });

  it('is refused when an open quote swallows more than a record may hold', async () => {
    const swallowing = fileOf(...lines, '"', ...Array.from({ length: 70 }, () => 'a'.repeat(1000)));
    expect(await refusalOf(read(swallowing))).toContain('open quote');
  });
});

describe('a bill of alipay', () => {
  it('is refused when it is no zip', async () => {
    expect(await refusalOf(alipay(fileOf('#支付宝业务明细查询')))).toContain('not a zip');
    expect(await refusalOf(alipay(inBytes([])))).toContain('not a zip');
  });

  it('is refused when the zip ends early', async () => {
    for (const part of [0.3, 0.5, 0.7])
      expect(await refusalOf(alipay(inBytes([alipayZip.subarray(0, alipayZip.length * part)])))).toMatch(/^line \d+: /);
  });

  it('is refused when the packed bytes are damaged', async () => {
    const damaged = Buffer.from(alipayZip);
    damaged.fill(0xaa, 80, 200);
    expect(await refusalOf(alipay(inBytes([damaged])))).toMatch(/^line \d+: /);
  });

  it('is refused when it unpacks to far more than it holds', async () => {
    const bomb = zipSync({ 'bill.csv': Buffer.alloc(16 * 1_048_576, '#\n') });
    expect(await refusalOf(alipay(inBytes([bomb], 65_536)))).toContain('unpacks to more than');
  });

  it('is refused when no file of the zip has rows', async () => {
    const zip = zipSync({ 'readme.txt': Buffer.from('hello') });
    expect(await refusalOf(alipay(inBytes([zip])))).toContain('no file of the zip begins with');
  });

  it('is refused when the file inside is not in GBK', async () => {
    const zip = zipSync({ 'bill.csv': Buffer.from([0x23, 0xff, 0xff, 0x0a]) });
    expect(await refusalOf(alipay(inBytes([zip])))).toContain('is not in gbk');
  });
});
