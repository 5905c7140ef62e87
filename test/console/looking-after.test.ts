import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultThresholds } from '../../src/domain/alert.ts';
import { loadConfig } from '../../src/server/config.ts';
import { installationOf } from '../../src/server/installation.ts';
import { type OpenedConsole, openConsole } from '../support/console.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { billOf, day, leaveAlerts, openShop } from './finance-desk.ts';

let server: TestServer;
let opened: OpenedConsole;
let page: Page;
let account: string;

beforeAll(async () => {
  const alerts = { robots: [], thresholds: { ...defaultThresholds, oldest_due: 60 } };
  const environment = { PAIDONCE_RETENTION_DAYS: '30', PAIDONCE_ADMIN_KEY: 'never-shown-key' };
  const installation = installationOf(loadConfig({ environment }));
  server = await startTestServer({ installation, config: { alerts } });
  account = await openShop(server, [
    { order: 'T-1', amountMinor: 12345n },
    { order: 'T-2', amountMinor: 500n },
    { order: 'T-3', amountMinor: 900n },
  ]);
  await leaveAlerts(server);
  opened = await openConsole(server);
  ({ page } = opened);
  await opened.signIn();
}, 120_000);
afterAll(async () => {
  await opened?.close();
  await server?.stop();
});

// Each goes on where the one before ended, as a person does.
describe('a person who looks after the system', () => {
  it('uploads the bill of a day, and reads where it differs', async () => {
    await page.getByRole('link', { name: 'Reconciliation' }).click();
    await page.getByText('No day was reconciled yet').waitFor();
    expect(await opened.seriousFindings()).toEqual([]);
    await page.getByRole('button', { name: 'Reconcile a day' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Reconcile a day' }).click();
    await dialog.getByText('Choose the account, the day and the file.').waitFor();
    await dialog.getByRole('combobox', { name: 'Account' }).click();
    await page.getByRole('option', { name: 'WeChat Pay' }).click();
    await dialog.getByText('Asia/Shanghai').waitFor();
    await dialog.getByLabel('Day').fill(day);
    const buffer = billOf([
      { order: 'T-1', amountMinor: 12345n },
      { order: 'T-3', amountMinor: 800n },
      { order: 'T-4', amountMinor: 700n },
    ]);
    await dialog.getByLabel('Contract fee').fill('0,0x');
    await dialog.getByText('A percentage such as 0.6.').waitFor();
    await dialog.getByLabel('Contract fee').fill('0.6');
    await page.locator('input[type=file]').setInputFiles({ name: 'bill.csv', mimeType: 'text/csv', buffer });
    expect(await opened.seriousFindings()).toEqual([]);
    await dialog.getByRole('button', { name: 'Reconcile a day' }).click();
    await page.getByRole('heading', { name: 'Sums' }).waitFor();
    await page.getByRole('heading', { name: 'Differences' }).waitFor();
    const sums = page.getByRole('row').filter({ hasText: 'CN¥138.45' });
    await sums.getByText('CN¥137.45').waitFor();
    expect(await opened.seriousFindings()).toEqual([]);
    const { body } = await server.call('GET', `/v1/reconciliations?account=${account}&date=${day}`);
    expect(body.data).toMatchObject([
      { state: 'done', counts: { fee: 1, missing_here: 1, missing_at_provider: 1, amount: 1 } },
    ]);
  });

  it('narrows the differences, takes them as a file, and follows one to its order', async () => {
    const fee = page.getByRole('row').filter({ hasText: 'Fee differs' });
    await fee.getByText('fee CN¥0.01').waitFor();
    await fee.getByText('expected CN¥0.74').waitFor();
    await page.getByRole('combobox', { name: 'Difference' }).click();
    await page.getByRole('option', { name: 'Missing at the platform' }).click();
    await page.getByRole('row').filter({ hasText: 'T-2' }).waitFor();
    await expect.poll(() => page.getByRole('row').filter({ hasText: 'T-4' }).count()).toBe(0);
    const downloading = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download as CSV' }).click();
    const lines: Buffer[] = [];
    for await (const piece of await (await downloading).createReadStream()) lines.push(piece);
    expect(Buffer.concat(lines).toString()).toMatch(/missing_at_provider.*T-2/);
    await page.getByRole('link', { name: 'T-2' }).click();
    await page.getByRole('heading', { name: 'T-2', level: 1 }).waitFor();
  });

  it('sees the alerts, and what each rule means', async () => {
    await page.getByRole('link', { name: 'Alerts', exact: true }).click();
    await page.getByText('Told: dingtalk-0a1b2c3d').waitFor();
    await page.getByText('usually over 5 mins').waitFor();
    await page.getByRole('row').filter({ hasText: 'Money at risk' }).getByText('Recovered').waitFor();
    expect(await opened.seriousFindings()).toEqual([]);
  });

  it('makes a key that is shown once, and removes it', async () => {
    await page.getByRole('link', { name: 'API keys' }).click();
    await page.getByRole('button', { name: 'Make a key' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Name' }).fill('Shop backend');
    await dialog.getByRole('checkbox', { name: 'Publish' }).check();
    await dialog.getByRole('combobox', { name: 'Merchants' }).click();
    await page.getByRole('option', { name: 'The shop' }).click();
    await page.keyboard.press('Escape');
    expect(await opened.seriousFindings()).toEqual([]);
    await dialog.getByRole('button', { name: 'Make a key' }).click();
    const shown = dialog.getByText(/^pk_/);
    await shown.waitFor();
    const key = (await shown.textContent()) ?? '';
    expect((await server.call('GET', '/v1/orders', undefined, { key })).status).toBe(200);
    expect(await opened.seriousFindings()).toEqual([]);
    await dialog.getByRole('button', { name: 'I have copied it' }).click();
    await expect.poll(() => page.content()).not.toContain(key);
    const row = page.getByRole('row').filter({ hasText: 'Shop backend' });
    await row.getByText('shop', { exact: true }).waitFor();
    expect(await opened.seriousFindings()).toEqual([]);
    await row.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByText('No API keys yet').waitFor();
    expect((await server.call('GET', '/v1/orders', undefined, { key })).status).toBe(401);
  });

  it('finds in the audit log who did it', async () => {
    await page.getByRole('link', { name: 'Audit log' }).click();
    const row = page.getByRole('row').filter({ hasText: 'Removed an API key' });
    await row.getByText('Admin key').waitFor();
    await page.getByRole('row').filter({ hasText: 'Reconciled a day' }).waitFor();
    await page.getByRole('combobox', { name: 'What' }).click();
    await page.getByRole('option', { name: 'Made an API key' }).click();
    await page.getByText('Shop backend: read, publish; shop').waitFor();
    await expect.poll(() => row.count()).toBe(0);
    expect(await opened.seriousFindings()).toEqual([]);
  });

  it('reads how the server runs, without a secret', async () => {
    await page.getByRole('link', { name: 'Settings' }).click();
    const line = page.getByRole('listitem').filter({ hasText: 'PAIDONCE_RETENTION_DAYS' });
    await line.getByText('30 days').waitFor();
    await line.getByText('Environment').waitFor();
    await page
      .getByRole('listitem')
      .filter({ hasText: 'PAIDONCE_ADMIN_KEY' })
      .getByText('Set, and not shown')
      .waitFor();
    expect(await page.content()).not.toContain('never-shown-key');
    expect(await opened.seriousFindings()).toEqual([]);
  });

  it('is not shown what the role may not do', async () => {
    const made = { name: 'Viewer', scopes: ['read'], merchants: ['shop'] };
    const key = String((await server.call('POST', '/v1/keys', made)).body.api_key);
    await page.getByTitle('Signed in as admin').click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await page.goto(`${server.url}/console`);
    await opened.signIn(key);
    expect(await page.getByRole('link', { name: 'API keys' }).count()).toBe(0);
    await page.goto(`${server.url}/console/settings`);
    await page.getByText('Only the admin key may see this').waitFor();
    await page.getByRole('link', { name: 'Alerts', exact: true }).click();
    await page.getByText('Alerts are of the whole system').waitFor();
    await page.getByRole('link', { name: 'Reconciliation' }).click();
    await page.getByRole('link', { name: day }).waitFor();
    expect(await page.getByRole('button', { name: 'Reconcile a day' }).count()).toBe(0);
  });

  it('was shown nothing that failed or was refused by the policy of the page', () => {
    expect(opened.complaints).toEqual([]);
  });
});
