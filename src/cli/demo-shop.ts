import { libraryOn } from '../server/library.ts';
import type { Mount, Parts, RunningServer } from '../server/server.ts';
import { exitCodes, Failure } from './failure.ts';
import { shopPath } from './shop-path.ts';

type Library = ReturnType<typeof libraryOn>;

/** What is used of examples/shop; it imports the package by its name, so the package cannot import it. */
interface ShopModule {
  createShop(
    pay: Library,
    options: { url: string; platform: { url: string; apiKey: string; timeScale: number; cashierUrl: string } },
  ): { app: Mount['app']; prepare(): Promise<void> };
  methods: readonly string[];
}

export interface DemoShop {
  /** Registers the shop's handlers and gives its pages, for `ServerOptions.mount`. */
  mount(parts: Parts): readonly Mount[];
  /** Makes the shop's merchant, accounts and tables, once the server runs. */
  open(running: RunningServer): Promise<void>;
}

/** So much faster than in reality is a notification of the shop's payments sent again: 15 s become 60 ms. */
const timeScale = 240;

/** The shop of examples/shop, as the demonstration of `dev`. */
export async function demoShop(): Promise<DemoShop> {
  const { createShop, methods } = await shopModule();
  const accounts: Record<string, { provider: string; credentials: unknown }> = {};
  // Named when the server runs: the shop asks for them with each order only.
  const platform = { url: '', apiKey: '', timeScale, cashierUrl: '' };
  let pay: Library | null = null;
  let shop: ReturnType<ShopModule['createShop']> | null = null;
  return {
    mount(parts) {
      platform.cashierUrl = parts.publicUrl;
      pay = libraryOn(parts, { merchant: 'shop', accounts });
      shop = createShop(pay, { url: `${parts.publicUrl}${shopPath}`, platform });
      return [{ path: shopPath, app: shop.app }];
    },
    async open({ url, adminKey, sandbox }) {
      platform.url = url;
      platform.apiKey = adminKey ?? '';
      for (const provider of methods)
        accounts[provider] = { provider, credentials: sandbox?.accountCredentials(provider) };
      await pay?.start();
      await shop?.prepare();
    },
  };
}

/** In a checkout the source beside src, in the installed package what was built beside it: both by the extension of this file. */
async function shopModule(): Promise<ShopModule> {
  const isSource = import.meta.url.endsWith('.ts');
  const folder = new URL(isSource ? '../../examples/shop/' : '../examples/shop/', import.meta.url);
  const load = async (name: string): Promise<unknown> =>
    import(new URL(`${name}.${isSource ? 'ts' : 'js'}`, folder).href);
  const shop = { ...objectOf(await load('shop')), ...objectOf(await load('../parts/language')) };
  if (isShopModule(shop)) return shop;
  throw new Failure(exitCodes.usage, {
    code: 'demo.missing',
    reason: `there is no demo shop in ${folder.href}`,
    next: 'Install the package again; it is incomplete.',
  });
}

function objectOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}

function isShopModule(value: object): value is ShopModule {
  return (
    'createShop' in value &&
    typeof value.createShop === 'function' &&
    'methods' in value &&
    Array.isArray(value.methods)
  );
}
