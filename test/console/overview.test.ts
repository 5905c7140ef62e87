import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import { type OpenedConsole, openConsole } from '../support/console.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let opened: OpenedConsole;
let page: Page;

const tickets = 'http://127.0.0.1:9/tickets';
const books = 'http://127.0.0.1:9/books';

beforeAll(async () => {
  server = await startTestServer();
  opened = await openConsole(server);
  ({ page } = opened);
  await opened.signIn();
}, 120_000);
afterAll(async () => {
  await opened?.close();
  await server?.stop();
});

/** An endpoint that nobody answers at, with money that waits for it; one that is paused; an account that is sent a forgery. */
async function makeTrouble({ call, url: serverUrl }: TestServer): Promise<void> {
  for (const [id, url] of [
    ['tickets', tickets],
    ['books', books],
  ]) {
    await call('POST', '/v1/merchants', { id, name: id });
    // Nobody answers there.
    const endpoint = await call('POST', `/v1/merchants/${id}/endpoints`, { url, schedule: [900] });
    if (id === 'books') await call('POST', `/v1/endpoints/${endpoint.body.id}/pause`);
  }
  for (let order = 1; order <= limits.breakerFailures; order += 1) {
    const money = { amount_minor: 12345, currency: order % 2 === 0 ? 'CNY' : 'USD' };
    const of = { merchant: 'tickets', order_no: `T-${order}`, type: 'payment.succeeded' };
    expect((await call('POST', '/v1/notifications', { ...of, ...money })).status).toBe(202);
  }
  const credentials = { api_key: 't-1', api_secrets: ['kF93jd8s7fh2Ks9dj3hf8S7d'] };
  const account = await call('POST', '/v1/accounts', { merchant: 'tickets', provider: 'hmac', credentials });
  const forged = { 'content-type': 'application/json', authorization: 'HMAC t-1:forged' };
  await fetch(`${serverUrl}/callbacks/${account.body.id}`, { method: 'POST', headers: forged, body: '{}' });
}

describe('a person who looks at the overview', { timeout: 90_000 }, () => {
  it('is told that all is well while it is', async () => {
    await page.getByText('Every endpoint takes what it is sent').waitFor();
    await page.getByText('No money waits').waitFor();
    expect(await opened.seriousFindings()).toEqual([]);
  });

  it('sees how long attempts and callbacks take, and what waited', async () => {
    await makeTrouble(server);
    await page.reload();
    await page.getByRole('img', { name: 'How long attempts took' }).getByText('p99').waitFor();
    await page.getByRole('img', { name: 'How long the oldest had been due' }).getByText('Oldest due').waitFor();
    await page.getByText('Receiving', { exact: true }).last().click();
    await page.getByRole('img', { name: 'How long callbacks waited for their answer' }).getByText('p99').waitFor();
    expect(await opened.seriousFindings()).toEqual([]);
  });

  it('sees who is in trouble and why, what a person paused after them, and the way to each', async () => {
    const trouble = page.getByRole('region', { name: 'In trouble' });
    await trouble.getByText('failing for').waitFor();
    await trouble.getByText('was not authentic').waitFor();
    expect(await trouble.getByRole('link').allTextContents()).toEqual([tickets, 'hmac · tickets', books]);
    expect(await opened.seriousFindings()).toEqual([]);
    await trouble.getByRole('link', { name: tickets }).click();
    await page.getByRole('heading', { level: 1 }).filter({ hasText: 'tickets' }).waitFor();
    await page.goBack();
  });

  it('sees the money that waits, by currency, and goes to all that waits', async () => {
    const risk = page.getByRole('region', { name: 'Money at risk' });
    await risk.getByText('CN¥617.25').waitFor();
    await risk.getByText('US$617.25').waitFor();
    await risk.getByRole('link', { name: '5 notifications are not confirmed' }).first().click();
    await page.waitForURL('**/deliveries?state=waiting');
    await page.getByRole('row').filter({ hasText: 'T-10' }).waitFor();
    expect(await opened.seriousFindings()).toEqual([]);
  });

  it('costs the server little: what changes once a minute is not read with every change', async () => {
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.goto(`${server.url}/console`);
    for (let order = 1; order <= 4; order += 1) {
      const read = page.waitForRequest((request) => request.url().endsWith('/v1/backlog'));
      const of = { merchant: 'books', order_no: `B-${order}`, type: 'payment.succeeded', currency: 'CNY' };
      await server.call('POST', '/v1/notifications', { ...of, amount_minor: 1 });
      await read;
    }
    const often = (path: string) => asked.filter((one) => one === path).length;
    // When the page opens, when the stream does, and when the minute ends.
    expect(often('/v1/backlog/history')).toBeLessThanOrEqual(3);
    expect(often('/v1/accounts')).toBeLessThanOrEqual(1);
    expect(often('/v1/alerts')).toBeLessThanOrEqual(3);
  });

  it('sees the charts in a browser whose language is none', async () => {
    await page.addInitScript(
      "Object.defineProperty(navigator, 'language', { value: 'en-US@posix', configurable: true })",
    );
    await page.goto(`${server.url}/console`);
    await page.getByRole('img', { name: 'How long attempts took' }).getByText('p99').waitFor();
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  });

  it('was shown nothing that failed or was refused by the policy of the page', () => {
    expect(opened.complaints).toEqual([]);
  });
});
