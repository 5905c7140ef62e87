import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRoleRule } from '../../src/server/roles.ts';
import { type OpenedConsole, openConsole } from '../support/console.ts';
import { type Issuer, startIssuer } from '../support/issuer.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let issuer: Issuer;
let server: TestServer;
let opened: OpenedConsole;
let page: Page;

beforeAll(async () => {
  issuer = await startIssuer();
  const roles = [parseRoleRule('groups:payments-ops=operator')];
  server = await startTestServer({ config: { oidc: { issuer: issuer.url, ...issuer.client, roles } } });
  opened = await openConsole(server);
  ({ page } = opened);
}, 120_000);
afterAll(async () => {
  await opened?.close();
  await server?.stop();
  await issuer?.stop();
});

// Each goes on where the one before ended, as a person does.
describe('a person with a company account', () => {
  const orderNo = '订单/1 \\"';
  const company = () => page.getByRole('link', { name: 'Sign in with your company account' });

  it('is told why they are not let in', async () => {
    issuer.says.claims = { groups: ['everybody'] };
    await company().click();
    await page.getByRole('alert').filter({ hasText: 'Your account has no role here' }).waitFor();
    await page.waitForURL((url) => url.search === '');
    expect(await opened.seriousFindings()).toEqual([]);
  });

  it('gets in with a role, and sees who they are', async () => {
    issuer.says.claims = { groups: ['payments-ops'], email: 'ann@example.com', email_verified: true };
    await company().click();
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    await page.getByText('ann@example.com', { exact: true }).waitFor();
    expect(await page.getByRole('link', { name: 'API keys' }).count()).toBe(0);
  });

  it('gets out again', async () => {
    await signOut();
  });

  it('is where they wanted to be after signing in, whatever its name', async () => {
    const order = { merchant: 'tickets', amount_minor: 12345, currency: 'CNY' };
    await server.call('POST', '/v1/merchants', { id: 'tickets', name: 'Tickets' });
    const made = await server.call('PUT', `/v1/orders/${encodeURIComponent(orderNo)}`, order);
    expect(made.status).toBe(201);
    await page.goto(`${server.url}/console/orders?merchant=tickets&currency=CNY`);
    await company().click();
    await page.getByRole('link', { name: orderNo }).click();
    await page.getByRole('heading', { name: orderNo, level: 1 }).waitFor();
    const { pathname } = new URL(page.url());
    await signOut();
    await company().click();
    await page.getByRole('heading', { name: orderNo, level: 1 }).waitFor();
    expect(new URL(page.url()).pathname).toBe(pathname);
  });

  it('is in the audit log by name, which leads to all that they did', async () => {
    const closed = await page.request.post(`${server.url}/v1/orders/${encodeURIComponent(orderNo)}/close`, {
      headers: { 'x-paidonce-console': '1' },
      data: { merchant: 'tickets', reason: 'The buyer went away.' },
    });
    expect(closed.status()).toBe(202);
    await page.getByRole('link', { name: 'Audit log' }).click();
    await page.getByRole('row').filter({ hasText: 'Made a merchant' }).waitFor();
    const own = page.getByRole('link', { name: 'ann@example.com' });
    await own.focus();
    await page.keyboard.press('Enter');
    const filter = page.getByRole('combobox', { name: 'Who' });
    await expect.poll(() => filter.inputValue()).toBe('ann@example.com');
    await expect.poll(() => page.getByRole('row').count()).toBe(2);
    expect(new URL(page.url()).searchParams.get('by')).toBe('email:ann@example.com');
    expect(await opened.seriousFindings()).toEqual([]);
    await page.goBack();
    await expect.poll(() => filter.inputValue()).toBe('');
    await page.goForward();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByRole('row').filter({ hasText: 'Made a merchant' }).waitFor();
    expect(opened.complaints).toEqual([]);
  });

  async function signOut(): Promise<void> {
    await page.getByText('ann@example.com', { exact: true }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await company().waitFor();
  }
});
