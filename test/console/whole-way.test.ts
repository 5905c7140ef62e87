import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/domain/clock.ts';
import { type OpenedConsole, openConsole } from '../support/console.ts';
import { eventually } from '../support/eventually.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let backend: Server;
let isBroken = true;
let opened: OpenedConsole;
let page: Page;

/** Nothing that the server does from time to time is waited for longer than a moment. */
const hasty: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 500), signal) };

beforeAll(async () => {
  server = await startTestServer({ sandbox: true, clock: hasty });
  const { call } = server;
  backend = createServer((request, response) => {
    request.resume();
    response.writeHead(isBroken ? 500 : 200).end();
  });
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  const { port } = backend.address() as AddressInfo;
  await call('POST', '/v1/merchants', { id: 'tickets', name: 'Tickets' });
  const { body: made } = await call('GET', '/sandbox/credentials/wechatpay');
  const account = { merchant: 'tickets', provider: 'wechatpay', credentials: made.account, name: 'wechat' };
  await call('POST', '/v1/accounts', account);
  const url = `http://127.0.0.1:${port}/orders`;
  await call('POST', '/v1/merchants/tickets/endpoints', { url, types: ['payment.succeeded'], schedule: [0.1] });
  opened = await openConsole(server);
  ({ page } = opened);
}, 120_000);
afterAll(async () => {
  await opened?.close();
  await server?.stop();
  backend?.close();
  backend?.closeAllConnections();
});

const menu = (name: string) => page.getByRole('link', { name, exact: true }).first().click();

async function pay(orderNo: string): Promise<void> {
  await menu('Sandbox');
  await page.getByRole('combobox', { name: 'Format of' }).click();
  await page.getByRole('option', { name: 'wechatpay', exact: true }).click();
  await page.getByLabel('Order number').fill(orderNo);
  await page.getByLabel('Amount').fill('88.80');
  await page.getByRole('button', { name: 'Open the payment' }).click();
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  await page.getByRole('region', { name: 'The order now' }).getByText('Paid').waitFor();
}

async function openOrder(orderNo: string): Promise<void> {
  await menu('Orders');
  await page.getByLabel('Order, payment or refund').fill(orderNo);
  // The sandbox has an order of that number too, of what it sent.
  const row = page.getByRole('row').filter({ hasText: 'tickets' });
  await row.getByRole('link', { name: orderNo, exact: true }).click();
  await page.getByRole('heading', { name: orderNo, level: 1 }).waitFor();
}

// Each goes on where the one before ended, as a person does.
describe('a person at the console, from a payment to its end', { timeout: 120_000 }, () => {
  it('signs in, makes a payment in the sandbox, and watches the timeline fill', async () => {
    await opened.signIn();
    await pay('W-1');
    await openOrder('W-1');
    const lines = page.getByRole('listitem');
    await lines.filter({ hasText: 'Callback' }).first().waitFor();
    await lines.filter({ hasText: 'Attempt 1' }).first().waitFor();
  });

  it('sees the alert of an endpoint that is broken', async () => {
    await menu('Alerts');
    const row = page.getByRole('row').filter({ hasText: 'Dead deliveries' }).filter({ hasText: 'Open' });
    await row.first().waitFor();
  });

  it('has it repaired, sends again what was lost, and sees the alert go', async () => {
    isBroken = false;
    await menu('Deliveries');
    await page.getByRole('link', { name: 'Send again by filter…' }).click();
    await page.getByRole('combobox', { name: 'Merchant' }).click();
    await page.getByRole('option', { name: 'Tickets (tickets)', exact: true }).click();
    await page.getByRole('button', { name: 'Count first' }).click();
    await page.getByText('Done').waitFor();
    await page.getByRole('button', { name: 'Send now' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Send now' }).click();
    await page.getByRole('region', { name: 'What is sent' }).waitFor();
    await eventually(async () => {
      const { body } = await server.call('GET', '/v1/deliveries?merchant=tickets&state=confirmed');
      return Array.isArray(body.data) && body.data.length > 0;
    });
    await menu('Alerts');
    const row = page.getByRole('row').filter({ hasText: 'Dead deliveries' }).filter({ hasText: 'Recovered' });
    await row.first().waitFor();
  });

  it('resolves the discrepancy of an order that was paid twice, and goes on in Chinese', async () => {
    await pay('W-1');
    await openOrder('W-1');
    await page.getByText('Double payment').first().waitFor();
    await page.getByRole('button', { name: 'Accept' }).click();
    await page.getByRole('dialog').getByLabel('Note').fill('The buyer wants to keep it as credit.');
    await page.getByRole('dialog').getByRole('button', { name: 'Accept' }).click();
    await eventually(async () => {
      const { body } = await server.call('GET', '/v1/discrepancies?merchant=tickets&state=accepted');
      return Array.isArray(body.data) && body.data.length === 1;
    });
    await page.getByRole('button', { name: 'Language' }).click();
    await page.getByRole('menuitem', { name: '简体中文' }).click();
    await page.getByText('重复付款').first().waitFor();
    // What the server says in sentences of its own.
    await page.getByText('没有这笔付款，88.80 CNY 的订单也已付清。').first().waitFor();
    await page.getByRole('listitem').filter({ hasText: 'HTTP 500；要求' }).first().waitFor();
    expect(await opened.seriousFindings()).toEqual([]);
    expect(opened.complaints).toEqual([]);
  });
});
