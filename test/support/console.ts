import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { startBrowser } from './browser.ts';
import { adminKey, type TestServer } from './server.ts';

export interface OpenedConsole {
  page: Page;
  /** What the browser complained of: a style or script that the policy refuses, an error of a page. */
  complaints: readonly string[];
  /** Signs in with a key, the admin key unless another is given, and waits for the overview. */
  signIn(key?: string): Promise<void>;
  /** What axe finds on the page as it is now and calls serious or critical. */
  seriousFindings(): Promise<string[]>;
  close(): Promise<void>;
}

/** A browser of its own that shows the sign-in page of a server's console. */
export async function openConsole(server: TestServer): Promise<OpenedConsole> {
  const browser = await startBrowser();
  const viewing = { locale: 'en-GB', viewport: { width: 1360, height: 900 }, reducedMotion: 'reduce' } as const;
  const context = await browser.newContext(viewing);
  // As long as a test may take: what is slow is not wrong.
  context.setDefaultTimeout(100_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    // The session is asked for before there is one.
    if (message.type() === 'error' && !message.text().includes('401')) complaints.push(message.text());
  });
  await page.goto(`${server.url}/console`);
  return {
    page,
    complaints,
    async signIn(key = adminKey) {
      await page.getByLabel('Admin key or API key').fill(key);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    },
    seriousFindings: () => seriousFindings(page),
    close: () => browser.close(),
  };
}

async function seriousFindings(page: Page): Promise<string[]> {
  // What fades has other colours for a moment.
  await page.waitForFunction(() => {
    const animations: { playState: string }[] = Reflect.get(globalThis, 'document').getAnimations();
    return animations.every(({ playState }) => playState !== 'running');
  });
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => Reflect.get(globalThis, 'axe').run());
  return violations
    .filter(({ impact }: { impact: string }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }: axe.Result) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`));
}
