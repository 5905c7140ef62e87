import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endpointTexts } from '../../console/pages/endpoints/texts.ts';
import { limits } from '../../src/domain/limits.ts';
import { type OpenedConsole, openConsole } from '../support/console.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let opened: OpenedConsole;
let page: Page;
const receiver = createServer((_, response) => response.writeHead(200).end());
let receiverUrl: string;
const secret = 'kF93jd8s7fh2Ks9dj3hf8S7d';
const seriousFindings = () => opened.seriousFindings();

beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  receiverUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  server = await startTestServer();
  opened = await openConsole(server);
  ({ page } = opened);
}, 120_000);
afterAll(async () => {
  await opened?.close();
  await server?.stop();
  receiver.close();
});

const rowsAt = async (path: string) => (await server.call('GET', path)).body.data as Record<string, unknown>[];
const button = (name: string) => page.getByRole('button', { name, exact: true });
const confirm = async (name: string) => {
  await page.getByRole('dialog').getByRole('button', { name, exact: true }).click();
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
};

// Each goes on where the one before ended, as a person does who sets up a new installation.
describe('a person who sets up', { timeout: 90_000 }, () => {
  it('makes a merchant', async () => {
    await opened.signIn();
    const steps = page.getByRole('region', { name: 'First steps' });
    await steps.getByText('Add an endpoint').waitFor();
    expect(await seriousFindings()).toEqual([]);
    await steps.getByRole('link', { name: 'Make a merchant' }).click();
    await page.getByText('No merchants yet').waitFor();
    expect(await seriousFindings()).toEqual([]);
    await button('New merchant').click();
    await page.getByLabel('Name').fill('City Tickets');
    await page.getByLabel('Id').fill('tickets');
    expect(await seriousFindings()).toEqual([]);
    await confirm('Create');
    await page.getByRole('heading', { name: 'City Tickets', level: 1 }).waitFor();
    await page.getByText('No accounts yet').waitFor();
    expect(await seriousFindings()).toEqual([]);
  });

  it('says what is done with money that does not fit', async () => {
    await page.getByRole('region', { name: 'When money does not fit' }).getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('dialog').getByLabel('Late payment').click();
    await page.getByRole('option', { name: 'Refund at once' }).click();
    await confirm('Save');
    expect((await rowsAt('/v1/merchants'))[0]).toMatchObject({ policies: { late_payment: 'refund' } });
  });

  it('adds an account, told of a wrong key while it is typed', async () => {
    await page.getByRole('link', { name: 'New account' }).click();
    await page.getByLabel('Platform', { exact: false }).first().click();
    await page.getByRole('option', { name: 'HMAC (in-house)' }).click();
    await page.getByText('At HMAC (in-house)').waitFor();
    await page.getByLabel('Key name').fill('tickets-1');
    await page.getByRole('textbox', { name: 'Secrets' }).fill('short');
    await page.getByText('Must have at least 16 characters').waitFor();
    expect(await seriousFindings()).toEqual([]);
    await page.getByRole('textbox', { name: 'Secrets' }).fill(secret);
    await page.getByText('Fits').waitFor();
    await button('Add the account').click();
    await page.getByRole('heading', { name: 'HMAC (in-house)', level: 1 }).waitFor();
    const [account] = await rowsAt('/v1/accounts?merchant=tickets');
    await page.getByText(String(account?.callback_url)).waitFor();
    expect(await seriousFindings()).toEqual([]);
    expect(await page.content()).not.toContain(secret);
    expect(page.url()).not.toContain(secret);
  });

  it('puts a new key beside the old one, and ends the old one', async () => {
    const [account] = await rowsAt('/v1/accounts');
    const secrets = async () => (await server.call('GET', `/v1/accounts/${account?.id}`)).body.secrets;
    await button('Change keys').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Secrets' }).fill('another-secret-of-32-characters!');
    await dialog.getByText('Fits').waitFor();
    expect(await seriousFindings()).toEqual([]);
    await confirm('Add');
    await button('End older keys').waitFor();
    expect(await secrets()).toHaveLength(2);
    await button('End older keys').click();
    await confirm('End older keys');
    await button('End older keys').waitFor({ state: 'detached' });
    expect(await secrets()).toHaveLength(1);
  });

  it('adds an endpoint, copies the secret that is shown once, and sends a test', async () => {
    await page.getByRole('link', { name: 'Endpoints', exact: true }).click();
    await page.getByRole('link', { name: 'New endpoint' }).click();
    await page.getByLabel('Merchant').first().click();
    await page.getByRole('option', { name: 'City Tickets' }).click();
    await page.getByLabel('URL').fill(receiverUrl);
    expect(await seriousFindings()).toEqual([]);
    await button('Add the endpoint').click();
    await page.getByText('whsec_').waitFor();
    expect(await seriousFindings()).toEqual([]);
    await button('I have copied them').click();
    await page.getByRole('heading', { name: receiverUrl.slice('http://'.length), level: 1 }).waitFor();
    expect(await page.content()).not.toContain('whsec_');
    await button('Send a test').click();
    await confirm('Send a test');
    await page.getByRole('row').filter({ hasText: 'payment.succeeded' }).getByText('Confirmed').waitFor();
    expect(await seriousFindings()).toEqual([]);
  });

  it('pauses the endpoint, changes how it is tried, and resumes it', async () => {
    await button('Pause').click();
    await confirm('Pause');
    await page.getByText('Paused').waitFor();
    await page.getByRole('region', { name: 'Settings' }).getByRole('button', { name: 'Edit' }).click();
    await page.getByText('My schedule').click();
    await page.getByRole('textbox', { name: 'My schedule' }).fill('5s, 1m, 1h');
    await confirm('Save');
    await page.getByText('5s, 1m, 1h').waitFor();
    await button('Resume').click();
    await confirm('Resume');
    await button('Pause').waitFor();
    expect((await rowsAt('/v1/endpoints'))[0]).toMatchObject({ state: 'enabled', schedule: [5, 60, 3600] });
  });

  it('removes the account', async () => {
    await page.getByRole('link', { name: 'Accounts', exact: true }).click();
    await page.getByRole('link', { name: 'HMAC (in-house)' }).click();
    await button('Remove').first().click();
    await confirm('Remove');
    await page.getByText('No accounts yet').waitFor();
    expect(await rowsAt('/v1/accounts')).toEqual([]);
    expect(await seriousFindings()).toEqual([]);
  });

  it('was shown nothing that failed or was refused by the policy of the page', () => {
    expect(opened.complaints).toEqual([]);
  });
});

it('says of the failure budget what the limits are', () => {
  const { failureBudgetMs, failureBudgetAttempts } = limits;
  const days = failureBudgetMs / 86_400_000;
  expect(endpointTexts.en['budget.text']).toContain(`${days} days and ${failureBudgetAttempts} attempts`);
  expect(endpointTexts.zh['budget.text']).toContain(`${days} 天且达 ${failureBudgetAttempts} 次`);
});
