// Pictures of the console's main pages, for the pages of documentation: `npm run screenshots`. Everything in them is played here:
// a server with the sandbox, some hours of payments, one order that was paid twice, one endpoint that fails.
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrowserContext, Page } from 'playwright-core';
import { type Clock, systemClock } from '../src/domain/clock.ts';
import { startBrowser } from '../test/support/browser.ts';
import { eventually } from '../test/support/eventually.ts';
import { adminKey, startTestServer, type TestServer } from '../test/support/server.ts';

const folder = fileURLToPath(new URL('../docs/images/', import.meta.url));
const font = dirname(fileURLToPath(import.meta.resolve('@fontsource-variable/noto-sans-sc/wght.css')));
const viewport = { width: 1360, height: 850 };
const hours = 5;
const everyMs = 90_000;
const merchant = 'bookshop';

/** Each with the address it is taken at and what must be there before. */
const pictures = [
  { name: 'overview', path: '/console', shows: '.uplot' },
  { name: 'order', path: `/console/orders/${merchant}/B-7`, shows: 'main [role=list], main ol, main ul' },
  { name: 'deliveries', path: '/console/deliveries', shows: 'tbody tr' },
  { name: 'sandbox', path: '/console/sandbox', shows: 'form' },
] as const;
/** In Chinese for the Chinese README, which has the first. */
const languages = [
  { suffix: '', locale: 'en-GB', shown: pictures },
  { suffix: '.zh-CN', locale: 'zh-CN', shown: pictures.slice(0, 1) },
] as const;

await main();

async function main(): Promise<void> {
  let ahead = -hours * 3_600_000;
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + ahead };
  const sink = await listen();
  const server = await startTestServer({ sandbox: true, clock });
  try {
    await play(server, sink.url, () => {
      ahead = Math.min(0, ahead + everyMs);
    });
    mkdirSync(folder, { recursive: true });
    for (const { suffix, locale, shown } of languages) {
      // One each: the small build for bare machines ends with its first closed context.
      const browser = await startBrowser();
      const context = await browser.newContext({
        viewport,
        locale,
        reducedMotion: 'reduce',
        bypassCSP: true,
      });
      await signIn(context, server.url);
      for (const { name, path, shows } of shown) {
        const page = await open(context, server.url + path);
        await page.locator(shows).first().waitFor();
        await page.waitForLoadState('networkidle').catch(() => {
          // A page that follows the stream never rests.
        });
        await page.screenshot({ path: join(folder, `console-${name}${suffix}.png`) });
        console.log(`console-${name}${suffix}.png`);
        await page.close();
      }
      await browser.close();
    }
  } finally {
    await server.stop();
    sink.stop();
  }
}

/** A page on which Chinese has its signs, whatever this machine has installed. */
async function open(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.route('**/fonts-of-the-pictures/**', (route) =>
    route.fulfill({ path: join(font, new URL(route.request().url()).pathname.replace('/fonts-of-the-pictures/', '')) }),
  );
  await page.goto(url);
  const faces = readFileSync(join(font, 'wght.css'), 'utf8').replaceAll('url(./', 'url(/fonts-of-the-pictures/');
  await page.addStyleTag({
    content: `${faces}\n:root { --mantine-font-family: 'Open Sans', 'Noto Sans SC Variable', sans-serif !important; }`,
  });
  await page.evaluate(() => Reflect.get(globalThis, 'document').fonts.ready);
  return page;
}

async function signIn(context: BrowserContext, url: string): Promise<void> {
  const headers = { authorization: `Bearer ${adminKey}` };
  const { status, headersArray } = await context.request
    .post(`${url}/v1/session`, { headers })
    .then(async (response) => ({ status: response.status(), headersArray: response.headersArray() }));
  if (status !== 201) throw new Error(`the session was answered ${status} ${JSON.stringify(headersArray)}`);
}

/** A merchant's backend: it takes everything at one address, and refuses at the other. */
async function listen(): Promise<{ url: string; stop(): void }> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(request.url === '/broken' ? 500 : 200).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, stop: () => void server.close(() => server.closeAllConnections()) };
}

async function play(server: TestServer, sink: string, later: () => void): Promise<void> {
  const call = async (method: string, path: string, body?: unknown) => {
    const answered = await server.call(method, path, body);
    if (answered.status >= 300) throw new Error(`${method} ${path}: ${answered.status} ${answered.text}`);
    return answered.body;
  };
  await call('POST', '/v1/merchants', { id: merchant, name: 'Bookshop' });
  await call('POST', `/v1/merchants/${merchant}/endpoints`, { url: `${sink}/orders` });
  await call('POST', `/v1/merchants/${merchant}/endpoints`, { url: `${sink}/broken`, types: ['refund.succeeded'] });
  const urls = new Map<string, string>();
  for (const provider of ['wechatpay', 'alipay', 'stripe']) {
    const made = await call('GET', `/sandbox/credentials/${provider}`);
    const account = await call('POST', '/v1/accounts', {
      merchant,
      provider,
      credentials: made.account,
      name: provider,
    });
    urls.set(provider, `${server.url}/callbacks/${account.id}`);
  }
  const providers = [...urls.keys()];
  const pay = async (order_no: string, number: number) => {
    const provider = providers[number % providers.length] ?? 'stripe';
    const money = { amount_minor: 1990 + ((number * 7919) % 30_000), currency: 'CNY' };
    await call('PUT', `/v1/orders/${order_no}`, { merchant, ...money });
    const about = { provider, order_no, ...money, notify_url: urls.get(provider) };
    const { id } = await call('POST', '/sandbox/payments', about);
    await call('POST', `/sandbox/payments/${id}/${number % 17 === 5 ? 'fail' : 'pay'}`);
    return id;
  };
  const count = (hours * 3_600_000) / everyMs;
  for (let number = 1; number <= count; number += 1) {
    const id = await pay(`B-${number}`, number);
    if (number === 7) await pay('B-7', number);
    if (number % 23 === 7) await call('POST', `/sandbox/payments/${id}/refund`, { amount_minor: 500 });
    later();
  }
  await eventually(async () => {
    const { data } = await call('GET', '/v1/callbacks?limit=1');
    return Array.isArray(data) && data.length > 0;
  });
}
