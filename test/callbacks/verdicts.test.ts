import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expected, type OpenShop, openShop, paid, platforms, withBody } from '../library/open-shop.ts';
import { eventually } from '../support/eventually.ts';

/** What each platform takes for yes, and how a refusal of a wrong signature looks to it. */
const answers: Readonly<Record<string, { success: [number, string]; refusal: [number, RegExp] }>> = {
  hmac: { success: [200, '{"status":"ok"}'], refusal: [401, /"status":"error"/] },
  standard: { success: [200, '{"status":"ok"}'], refusal: [401, /"status":"error"/] },
  stripe: { success: [200, ''], refusal: [401, /.*/] },
  wechatpay: { success: [200, '{"code":"SUCCESS","message":"成功"}'], refusal: [401, /"code":"FAIL"/] },
  alipay: { success: [200, 'success'], refusal: [401, /^fail/] },
};

describe.each(Object.keys(platforms))('a callback of %s', (name) => {
  let shop: OpenShop;
  const platform = platforms[name];
  const answer = answers[name];
  if (platform === undefined || answer === undefined) throw new Error(`no platform ${name}`);

  beforeAll(async () => {
    shop = await openShop();
  });
  afterAll(() => shop.close());

  const success = (given: { status: number; body: string }) => {
    expect(given.status).toBe(answer.success[0]);
    if (answer.success[1] !== '') expect(given.body).toBe(answer.success[1]);
  };

  it('that is authentic and expected is verified, and the order is paid', async () => {
    await shop.pay.expected('V-1', expected);
    const given = await shop.send(name, await platform.callback(paid('V-1')));
    success(given);
    expect(given.kept).toMatchObject({ verdict: 'verified' });
    // That it was answered is noted a moment after the answer.
    await eventually(async () => {
      const kept = given.kept === null ? null : await shop.store.read('callback', given.kept.id);
      return kept?.step === 'confirmed';
    });
    expect((await shop.pay.order('V-1'))?.order).toMatchObject({ status: 'paid', totals: { capturedMinor: 8880n } });
  });

  it('that was seen before is answered exactly as the first, and changes nothing', async () => {
    await shop.pay.expected('V-2', expected);
    const request = await platform.callback(paid('V-2'));
    const first = await shop.send(name, request.clone());
    const again = await shop.send(name, request);
    expect([again.status, again.body]).toEqual([first.status, first.body]);
    expect(again.kept).toMatchObject({ verdict: 'duplicate' });
    const order = await shop.pay.order('V-2');
    expect(order?.order).toMatchObject({ status: 'paid', sequence: 1, totals: { capturedMinor: 8880n } });
    expect(order?.facts).toHaveLength(1);
  });

  it('for an order nobody announced is acknowledged and parked, and released when the order is announced', async () => {
    const given = await shop.send(name, await platform.callback(paid('V-3')));
    success(given);
    expect(given.kept).toMatchObject({ verdict: 'parked' });
    expect(await shop.pay.order('V-3')).toBeNull();
    await shop.pay.expected('V-3', expected);
    expect((await shop.pay.order('V-3'))?.order.status).toBe('paid');
    const released = given.kept === null ? null : await shop.store.read('callback', given.kept.id);
    expect(released).toMatchObject({ verdict: 'verified', reason: null });
  });

  it('with one byte changed is refused in its own format, kept in quarantine, and changes nothing', async () => {
    await shop.pay.expected('V-4', expected);
    const request = await withBody(await platform.callback(paid('V-4')), (body) =>
      body.replace(/[0-9](?=[^0-9]*$)/, (digit) => (digit === '1' ? '2' : '1')),
    );
    const given = await shop.send(name, request);
    expect(given.status).toBe(answer.refusal[0]);
    expect(given.body).toMatch(answer.refusal[1]);
    expect(given.body).not.toBe(answer.success[1]);
    expect(given.kept).toMatchObject({ verdict: 'quarantined', step: 'sent' });
    expect(given.kept?.reason).toBeTruthy();
    expect((await shop.pay.order('V-4'))?.order).toMatchObject({ status: 'pending', sequence: 0 });
  });

  it('of a type without a kind is kept, counted and acknowledged', async () => {
    const type = 'discrepancy.opened';
    if (name !== 'hmac' && name !== 'standard')
      return expect(platform.callback(paid('V-5', { type }))).rejects.toThrow(RangeError);
    const given = await shop.send(name, await platform.callback(paid('V-5', { type })));
    success(given);
    expect(given.kept).toMatchObject({ verdict: 'ignored' });
  });

  it('that names an amount other than the expected one opens a discrepancy and is acknowledged', async () => {
    await shop.pay.expected('V-6', { ...expected, amountMinor: 8000n });
    success(await shop.send(name, await platform.callback(paid('V-6'))));
    const order = await shop.pay.order('V-6');
    expect(order?.order.status).toBe('paid');
    expect(order?.discrepancies.map(({ kind, state }) => [kind, state])).toEqual([['overpaid', 'open']]);
  });

  it('whose body is too large is refused without being opened', async () => {
    const big = new Request('http://localhost/', { method: 'POST', body: new Uint8Array(1_048_577) });
    const given = await shop.send(name, big);
    expect(given.status).toBe(413);
    expect(given.kept).toMatchObject({ verdict: 'refused', code: 'request.too_large', step: 'total' });
  });

  it('for an unknown account is answered 404 without a hint, and with a wrong method 405', async () => {
    const request = await platform.callback(paid('V-7'));
    const unknown = await shop.pay.fetch(
      new Request('http://localhost/callbacks/acc_unknown', {
        method: 'POST',
        headers: request.headers,
        body: await request.clone().text(),
      }),
    );
    expect([unknown.status, await unknown.text()]).toEqual([404, '']);
    const wrong = await shop.send(
      name,
      new Request('http://localhost/', { method: 'PUT', headers: request.headers, body: await request.text() }),
    );
    expect(wrong.status).toBe(405);
    expect(wrong.kept).toBeNull();
  });

  it('is answered "try again later" in its own format when the store cannot commit', async () => {
    const other = await openShop();
    await other.send(name, await platform.callback(paid('V-8')));
    const request = await platform.callback(paid('V-9'));
    await other.pay.stop();
    const response = await other.pay.receive(name, request);
    expect(response.status).toBe(503);
    expect(await response.text()).not.toBe(answer.success[1]);
  });

  it('keeps the funnel equal to a recount of the rows', async () => {
    const all = {
      bucketMs: 86_400_000,
      visible: null,
      merchant: null,
      provider: null,
      endpoint: null,
      type: null,
    } as const;
    const query = { ...all, side: 'receiving', per: 'attempt', from: 0, to: 8.64e15 } as const;
    expect(await shop.store.read('funnel', query)).toEqual(await shop.store.read('recount', query));
  });
});
