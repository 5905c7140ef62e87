import { existsSync } from 'node:fs';
import { type Browser, chromium as playwright } from 'playwright-core';

/** Where browsers are commonly installed. */
const installed = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

const help =
  'no browser: set PAIDONCE_TEST_BROWSER to the path of a Chromium or Chrome, or install one (as root: apt-get install -y chromium)';

/** A headless Chromium: the one named, else an installed one, else the one that the development dependencies bring (Linux x64). */
export async function startBrowser(): Promise<Browser> {
  const found = process.env.PAIDONCE_TEST_BROWSER ?? installed.find((path) => existsSync(path));
  if (found !== undefined) return playwright.launch({ executablePath: found, args: ['--no-sandbox'] });
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error(help);
  try {
    // Told so, it unpacks the libraries that a bare system does not have as well, and names them in the environment.
    process.env.AWS_EXECUTION_ENV ??= 'AWS_Lambda_nodejs24.x';
    const { default: chromium } = await import('@sparticuz/chromium');
    return await playwright.launch({ executablePath: await chromium.executablePath(), args: chromium.args });
  } catch (error) {
    throw new Error(help, { cause: error });
  }
}
