import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenedConsole, openConsole } from '../support/console.ts';
import { eventually } from '../support/eventually.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let opened: OpenedConsole;
let page: Page;
const seriousFindings = () => opened.seriousFindings();

beforeAll(async () => {
  server = await startTestServer({ sandbox: true });
  const { call } = server;
  await call('POST', '/v1/merchants', { id: 'tickets', name: 'Tickets' });
  // Nobody answers there: it is tried three times, and then waits.
  await call('POST', '/v1/merchants/tickets/endpoints', { url: 'http://127.0.0.1:9/hook', schedule: [0.1, 0.1, 900] });
  opened = await openConsole(server);
  ({ page } = opened);
  await opened.signIn();
}, 120_000);
afterAll(async () => {
  await opened?.close();
  await server?.stop();
});

const choose = async (field: string, option: string) => {
  await page.getByRole('combobox', { name: field }).click();
  await page.getByRole('option', { name: option, exact: true }).click();
};

// Each goes on where the one before ended, as a person does.
describe('a person at the console who follows the traffic', { timeout: 90_000 }, () => {
  it('makes an account that fits the sandbox, pays, and watches it arrive', async () => {
    await page
      .getByRole('status')
      .filter({ hasText: /^Live$/ })
      .waitFor();
    await page.getByRole('link', { name: 'Sandbox' }).click();
    await choose('Format of', 'stripe');
    await page.getByRole('button', { name: 'Make the account' }).click();
    await page.getByText('No account opens stripe yet').waitFor({ state: 'detached' });
    await page.getByLabel('Order number').fill('S-1');
    await page.getByLabel('Amount').fill('12.3456');
    await page.getByRole('button', { name: 'Open the payment' }).click();
    await page.getByText('No amount of this currency').waitFor();
    await page.getByLabel('Amount').fill('12.30');
    expect(await seriousFindings()).toEqual([]);
    await page.getByRole('button', { name: 'Open the payment' }).click();
    await page.getByRole('button', { name: 'Pay', exact: true }).click();
    await page.getByRole('region', { name: 'The order now' }).getByText('Paid').waitFor();
    await page.getByText('Verified').first().waitFor();
    expect((await server.call('GET', '/v1/orders/S-1?merchant=tickets')).body).toMatchObject({
      status: 'paid',
      captured_minor: 1230,
    });
    expect(await seriousFindings()).toEqual([]);
  });

  it('plays a scenario with a fault, and is told why its callback was not believed', async () => {
    await page.getByRole('link', { name: 'Sandbox' }).first().click();
    await page.getByText('Scenario', { exact: true }).click();
    await page.getByLabel('Order number').fill('S-2');
    await page.getByRole('button', { name: 'Let things go wrong' }).click();
    await choose('Signed by a stranger', 'Always');
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await page.getByText('Quarantined').waitFor();
    expect(await seriousFindings()).toEqual([]);
    const row = page.getByRole('row').filter({ hasText: 'Quarantined' });
    await row.getByRole('link').click();
    await page.getByText('Who sent it is not proven').waitFor();
    await page.getByRole('button', { name: 'Why?' }).click();
    await page.getByText('It would be refused').waitFor();
    expect(await seriousFindings()).toEqual([]);
  });

  it('sees what a callback told, and its order', async () => {
    await page.getByRole('link', { name: 'Callbacks', exact: true }).click();
    await page.getByRole('row').filter({ hasText: 'Verified' }).getByRole('link').first().click();
    await page.getByRole('region', { name: 'What it told' }).getByRole('link', { name: 'S-1' }).waitFor();
    expect(await seriousFindings()).toEqual([]);
  });

  it('compares two attempts of a delivery', async () => {
    await eventually(async () => {
      // What was not believed had the provider asked, so both orders are paid.
      const { body } = await server.call('GET', '/v1/deliveries?merchant=tickets');
      const tries = (body.data as { attempt_count: number }[]).map(({ attempt_count }) => attempt_count);
      return tries.join() === '3,3';
    });
    await page.getByRole('link', { name: 'Deliveries', exact: true }).click();
    const row = page.getByRole('row').filter({ hasText: '127.0.0.1:9/hook' }).filter({ hasText: 'S-1' });
    await row.getByRole('link', { name: 'payment.succeeded' }).click();
    const comparison = page.getByRole('region', { name: 'Compare two attempts' });
    await comparison.getByRole('switch', { name: 'Also what is equal' }).check();
    await comparison.getByRole('rowheader', { name: 'Sent · webhook-id' }).waitFor();
    expect(await seriousFindings()).toEqual([]);
  });

  it('counts first what would be sent again by filter, then sends it', async () => {
    await page.getByRole('link', { name: 'All deliveries' }).click();
    await page.getByRole('link', { name: 'Send again by filter…' }).click();
    await choose('Merchant', 'Tickets (tickets)');
    expect(await seriousFindings()).toEqual([]);
    await page.getByRole('button', { name: 'Count first' }).click();
    await page.getByRole('region', { name: 'What would be sent' }).waitFor();
    await page.getByText('Done').waitFor();
    const before = (await server.call('GET', '/v1/replays')).body.data;
    expect(before).toMatchObject([{ dry_run: true, progress: { retried: 2 } }]);
    expect(await seriousFindings()).toEqual([]);
    await page.getByRole('button', { name: 'Send now' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Send now' }).click();
    await page.getByRole('region', { name: 'What is sent' }).waitFor();
    await page.getByText('Done').waitFor();
    const { body } = await server.call('GET', '/v1/replays');
    expect(body.data).toMatchObject([
      { dry_run: false, state: 'done', filter: { merchant: 'tickets' }, progress: { retried: 2 } },
      { dry_run: true },
    ]);
    await page.getByRole('link', { name: 'All of them' }).click();
    await page.getByText('Sending').waitFor();
    expect(await seriousFindings()).toEqual([]);
  });

  it('reads callbacks again by filter, and sees that nothing would change', async () => {
    await page.getByRole('link', { name: 'Callbacks', exact: true }).click();
    await page.getByRole('link', { name: 'Read again by filter…' }).click();
    await choose('Verdict', 'Quarantined');
    expect(await seriousFindings()).toEqual([]);
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByText('Nothing is read otherwise').waitFor();
    const { body } = await server.call('GET', '/v1/callback-replays');
    expect(body.data).toMatchObject([{ filter: { verdict: 'quarantined' }, phase: 'preview' }]);
    expect(await seriousFindings()).toEqual([]);
  });

  it('verifies a request that somebody pasted', async () => {
    await page.getByRole('link', { name: 'Why refused?' }).first().click();
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.getByText('Choose an account').waitFor();
    await page.getByRole('combobox', { name: 'Account' }).click();
    await page.getByRole('option', { name: /^stripe · tickets/ }).click();
    await page.getByLabel('The request').fill("curl https://shop.example/hook -d '{}'");
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.getByText('It would be refused').waitFor();
    expect(await seriousFindings()).toEqual([]);
    await page.getByRole('button', { name: 'Language' }).click();
    await page.getByRole('menuitem', { name: '简体中文' }).click();
    await page.getByText('缺少请求头 stripe-signature。这只是从表面判断').waitFor();
    await page.getByRole('button', { name: '语言' }).click();
    await page.getByRole('menuitem', { name: 'English' }).click();
  });

  it('is shown what happens without asking for it', async () => {
    await page.getByRole('link', { name: 'Orders', exact: true }).click();
    await page
      .getByRole('status')
      .filter({ hasText: /^Live$/ })
      .waitFor();
    await page.getByRole('link', { name: 'S-1' }).first().waitFor();
    // Nobody asks by itself before 30 s.
    await server.call('PUT', '/v1/orders/S-3', { merchant: 'tickets', amount_minor: 8880, currency: 'CNY' });
    const heard = page.waitForResponse((response) => response.url().includes('/v1/orders?'), { timeout: 15_000 });
    const credentials = { api_key: 't1', api_secrets: ['kF93jd8s7fh2Ks9dj3hf8S7d'] };
    const account = await server.call('POST', '/v1/accounts', { merchant: 'tickets', provider: 'hmac', credentials });
    const seen = { merchant: 'tickets', account: account.body.id, operation_id: 'one', note: 'Seen at the provider.' };
    const confirmed = await server.call('POST', '/v1/orders/S-3/confirm', {
      ...seen,
      amount_minor: 8880,
      currency: 'CNY',
    });
    expect(confirmed.status).toBe(202);
    await heard;
    await page.getByRole('row').filter({ hasText: 'S-3' }).getByText('Paid').waitFor();
  });

  it('was shown nothing that failed or was refused by the policy of the page', () => {
    expect(opened.complaints).toEqual([]);
  });
});
