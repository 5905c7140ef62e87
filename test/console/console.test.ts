import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenedConsole, openConsole } from '../support/console.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let opened: OpenedConsole;
let page: Page;
const seriousFindings = () => opened.seriousFindings();

beforeAll(async () => {
  server = await startTestServer();
  await makeOrders(server);
  opened = await openConsole(server);
  ({ page } = opened);
}, 120_000);
afterAll(async () => {
  await opened?.close();
  await server?.stop();
});

/** An order that was paid twice, by what a person saw at the provider. */
async function makeOrders({ call }: TestServer): Promise<void> {
  await call('POST', '/v1/merchants', { id: 'tickets', name: 'Tickets' });
  await call('POST', '/v1/merchants/tickets/endpoints', { url: 'http://127.0.0.1:9/hook' });
  const credentials = { api_key: 't1', api_secrets: ['kF93jd8s7fh2Ks9dj3hf8S7d'] };
  const account = await call('POST', '/v1/accounts', { merchant: 'tickets', provider: 'hmac', credentials });
  await call('PUT', '/v1/orders/T-1', { merchant: 'tickets', amount_minor: 12345, currency: 'CNY' });
  await call('PUT', '/v1/orders/T-2', { merchant: 'tickets', amount_minor: 123, currency: 'CNY' });
  for (const operation_id of ['first', 'second']) {
    const seen = { merchant: 'tickets', account: account.body.id, operation_id, note: 'Seen at the provider.' };
    const confirmed = await call('POST', '/v1/orders/T-1/confirm', { ...seen, amount_minor: 12345, currency: 'CNY' });
    expect(confirmed.status).toBe(202);
  }
}

// Each goes on where the one before ended, as a person does.
describe('a person at the console', () => {
  it('is told that a key is wrong, and gets in with the right one', async () => {
    await page.getByLabel('Admin key or API key').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('This key is not known').waitFor();
    expect(await seriousFindings()).toEqual([]);
    await opened.signIn();
  });

  it('sees how results fare, and what needs a person', async () => {
    await page.getByText('Resolve 1 discrepancy').waitFor();
    await page.getByText('Double payment').waitFor();
    await page.locator('.uplot').first().waitFor();
    expect(await seriousFindings()).toEqual([]);
  });

  it('finds an order, and reads what is behind a line of its timeline', async () => {
    await page.getByRole('link', { name: 'Orders' }).click();
    await page.getByLabel('Order, payment or refund').fill('T-1');
    await page.getByRole('link', { name: 'T-1', exact: true }).click();
    await page.getByRole('heading', { name: 'T-1', level: 1 }).waitFor();
    expect(await seriousFindings()).toEqual([]);
    await page.getByRole('listitem').filter({ hasText: 'Attempt 1' }).first().click();
    await page.getByRole('dialog').getByText('SHA-256').waitFor();
    expect(await seriousFindings()).toEqual([]);
    await page.keyboard.press('Escape');
  });

  it('resolves a discrepancy with a note', async () => {
    await page.getByRole('button', { name: 'Ignore' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Ignore' }).click();
    await dialog.getByText('Say why').waitFor();
    await dialog.getByLabel('Note').fill('A gift.');
    await dialog.getByRole('button', { name: 'Ignore' }).click();
    await page.getByText('Double payment: Ignored').first().waitFor();
    const { body } = await server.call('GET', '/v1/discrepancies?state=ignored');
    expect(body.data).toHaveLength(1);
  });

  it('looks through callbacks, deliveries and discrepancies, and stops sending', async () => {
    await page.getByRole('link', { name: 'Callbacks', exact: true }).click();
    await page.getByText('No callbacks yet').waitFor();
    expect(await seriousFindings()).toEqual([]);
    await page.getByRole('link', { name: 'Deliveries', exact: true }).click();
    const row = page.getByRole('row').filter({ hasText: 'payment.succeeded' });
    await row.getByRole('button', { name: 'Stop sending' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Stop sending' }).click();
    await row.getByText('Canceled').waitFor();
    expect(await seriousFindings()).toEqual([]);
    await page.getByRole('link', { name: 'Discrepancies', exact: true }).click();
    await page.getByRole('row').filter({ hasText: 'Double payment' }).getByText('Ignored').waitFor();
    expect(await seriousFindings()).toEqual([]);
    await page.getByRole('link', { name: 'T-1', exact: true }).click();
    await page.getByRole('heading', { name: 'T-1', level: 1 }).waitFor();
  });

  it('confirms a payment by hand, and is asked why', async () => {
    await page.goto(`${server.url}/console/orders/tickets/T-2`);
    await page.getByRole('button', { name: 'Confirm a payment by hand' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('combobox', { name: 'Account it was paid on' }).click();
    await page.getByRole('option', { name: /hmac/ }).click();
    await dialog.getByLabel('Payment number of the platform').fill('third');
    await dialog.getByLabel('Amount').fill('1.234');
    await dialog.getByText('This is no amount of this currency.').waitFor();
    await dialog.getByLabel('Amount').fill('1.23');
    await dialog.getByLabel('Note').fill('Seen in the portal.');
    expect(await seriousFindings()).toEqual([]);
    await dialog.getByRole('button', { name: 'Confirm a payment by hand' }).click();
    await dialog.waitFor({ state: 'hidden' });
    const { body } = await server.call('GET', '/v1/orders/T-2?merchant=tickets');
    expect(body.captured_minor).toBe(123);
  });

  it('switches to Chinese, which is remembered, and signs out', async () => {
    await page.getByRole('button', { name: 'Language' }).click();
    await page.getByRole('menuitem', { name: '简体中文' }).click();
    await page.getByText('时间线').waitFor();
    await page.reload();
    await page.getByText('时间线').waitFor();
    expect(await seriousFindings()).toEqual([]);
    await page.getByTitle('当前登录：admin').click();
    await page.getByRole('menuitem', { name: '退出登录' }).click();
    await page.getByRole('button', { name: '登录' }).waitFor();
  });

  it('was shown nothing that failed or was refused by the policy of the page', () => {
    expect(opened.complaints).toEqual([]);
  });
});
