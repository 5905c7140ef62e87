import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Hono } from 'hono';
import type { Random } from '../domain/ids.ts';
import { consolePath } from '../domain/session-cookie.ts';

/** Beside this file when it is built; from the source, in dist. */
const builtFolder = import.meta.url.endsWith('.ts') ? '../../dist/console/' : '../console/';
const consoleFolder = fileURLToPath(new URL(builtFolder, import.meta.url));

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.html': 'text/html; charset=utf-8',
};
/** How files lie beside themselves compressed, the smallest first. */
const encodings = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;
/** Where the page says how people may sign in beside keys, so that it can offer it at once. */
const signInMark = '%SIGN_IN%';
/** Where the page says the nonce of its styles, which the component library needs for those it computes. */
const nonceMark = '%CSP_NONCE%';

/** The web console: built files, and for every page's address the one page that loads them. Nothing comes from elsewhere. */
export function addConsole(app: Hono, random: Random, { offersOidc }: { offersOidc: boolean }): void {
  const built = existsSync(join(consoleFolder, 'index.html'))
    ? readFileSync(join(consoleFolder, 'index.html'), 'utf8')
    : null;
  const page = built?.replace(signInMark, offersOidc ? 'oidc' : '') ?? null;
  // Only what the build made is served, whatever a path says; read when first asked for.
  const names = new Set(page === null ? [] : readdirSync(join(consoleFolder, 'assets')));
  const read = new Map<string, Buffer<ArrayBuffer>>();
  const fileOf = (name: string) => {
    const known = read.get(name);
    if (known !== undefined) return known;
    const bytes = readFileSync(join(consoleFolder, 'assets', name));
    read.set(name, bytes);
    return bytes;
  };
  app.get(`${consolePath}/assets/:name`, (context) => {
    const name = context.req.param('name');
    const type = types[extname(name)];
    if (!names.has(name) || type === undefined) return context.text('there is no such file\n', 404, plain);
    const accepted = context.req.header('accept-encoding') ?? '';
    const found = encodings.find(([encoding, end]) => accepted.includes(encoding) && names.has(name + end));
    return new Response(fileOf(name + (found?.[1] ?? '')), {
      headers: {
        ...safe,
        'content-type': type,
        // The name changes with the content.
        'cache-control': 'public, max-age=31536000, immutable',
        vary: 'accept-encoding',
        ...(found === undefined ? {} : { 'content-encoding': found[0] }),
      },
    });
  });
  const serve = () => {
    if (page === null) return new Response(notBuilt, { status: 503, headers: plain });
    const nonce = Buffer.from(random(16)).toString('base64');
    return new Response(page.replaceAll(nonceMark, nonce), { headers: pageHeaders(nonce) });
  };
  app.get(consolePath, serve);
  app.get(`${consolePath}/*`, serve);
}

const safe = { 'x-content-type-options': 'nosniff', 'cross-origin-resource-policy': 'same-origin' } as const;
const plain = { ...safe, 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' } as const;
const notBuilt = 'the console is not built; run `npm run build` where the development dependencies are installed\n';

function pageHeaders(nonce: string): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    // Arrows of selects and checks come with the styles.
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    ...safe,
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy.join('; '),
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  };
}
