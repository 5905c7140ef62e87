import { addressedTo, type PastedRequest, readHeaders, unreadable } from './request.ts';
import { shellWords } from './shell-words.ts';

/** The bytes of a file that a command names, `-` for what is piped in. */
export type ReadFile = (name: string) => Promise<Uint8Array>;

/** What the flags of a command come to. Texts hold a byte a character. */
interface Found {
  method: string | null;
  url: string | null;
  headers: string[];
  body: Data[];
  /** `-G`: what would be the body goes into the query. */
  inQuery: boolean;
}

interface Data {
  how: 'text' | 'file' | 'file_without_breaks';
  value: string;
}

type Flag = (found: Found, value: string) => void;

/** Flags that take a value, by their long names (curl's manual page). Others that take one, and do not matter here, are `ignored`. */
const flags: Readonly<Record<string, Flag>> = {
  request: (found, value) => {
    found.method = value;
  },
  url: (found, value) => {
    found.url = value;
  },
  header: (found, value) => void found.headers.push(value),
  'user-agent': (found, value) => void found.headers.push(`user-agent: ${value}`),
  cookie: (found, value) => void found.headers.push(`cookie: ${value}`),
  referer: (found, value) => void found.headers.push(`referer: ${value}`),
  user: (found, value) =>
    void found.headers.push(`authorization: Basic ${Buffer.from(value, 'latin1').toString('base64')}`),
  data: (found, value) => void found.body.push(dataOf(value, 'file_without_breaks')),
  'data-ascii': (found, value) => void found.body.push(dataOf(value, 'file_without_breaks')),
  'data-binary': (found, value) => void found.body.push(dataOf(value, 'file')),
  'data-raw': (found, value) => void found.body.push({ how: 'text', value }),
  'data-urlencode': (found, value) => void found.body.push({ how: 'text', value: urlencoded(value) }),
  json: (found, value) => {
    found.body.push(dataOf(value, 'file'));
    found.headers.push('content-type: application/json', 'accept: application/json');
  },
  form: refuse('a multipart form'),
  'form-string': refuse('a multipart form'),
  'upload-file': refuse('an upload'),
  config: refuse('flags in a file'),
};
const short: Readonly<Record<string, string>> = {
  X: 'request',
  H: 'header',
  A: 'user-agent',
  b: 'cookie',
  e: 'referer',
  u: 'user',
  d: 'data',
  F: 'form',
  T: 'upload-file',
  K: 'config',
  o: 'ignored',
  m: 'ignored',
  x: 'ignored',
  w: 'ignored',
  c: 'ignored',
  D: 'ignored',
  E: 'ignored',
  C: 'ignored',
  r: 'ignored',
  y: 'ignored',
  Y: 'ignored',
  z: 'ignored',
  Q: 'ignored',
  P: 'ignored',
};
const ignored = new Set(
  ['output', 'max-time', 'connect-timeout', 'proxy', 'resolve', 'write-out', 'cacert', 'cert', 'key', 'retry']
    .concat(['cookie-jar', 'dump-header', 'limit-rate', 'interface', 'connect-to', 'proxy-user', 'ciphers'])
    .concat(['retry-delay', 'retry-max-time', 'max-redirs', 'range', 'tls-max', 'unix-socket', 'stderr', 'trace']),
);
/** Where the shell would begin another command. */
const ends = new Set(['|', '||', '&', '&&', ';', '>', '>>', '<', '2>&1']);

export function isCurl(bytes: Uint8Array): boolean {
  return /^\s*(?:\$\s*)?curl(?:\.exe)?\s/.test(Buffer.from(bytes.subarray(0, 4096)).toString('latin1'));
}

/**
 * Reads a `curl` command. Files that it names are read by `readFile` alone.
 *
 * @throws AppError `request.unreadable`
 */
export async function readCurl(bytes: Uint8Array, { readFile }: { readFile?: ReadFile } = {}): Promise<PastedRequest> {
  const text = Buffer.from(bytes).toString('latin1').trim();
  const found = followFlags(shellWords(text.replace(/^\$\s*/, '')).slice(1));
  if (found.url === null) throw unreadable('the curl command names no URL');
  const parts: Uint8Array[] = [];
  for (const data of found.body) parts.push(await bytesOf(data, readFile));
  const body = Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from('&'), part])));
  const { target, headers } = addressedTo(utf8(found.url), readHeaders(found.headers.map(utf8)));
  if (found.inQuery && body.length > 0) {
    const query = `${target}${target.includes('?') ? '&' : '?'}${body.toString('utf8')}`;
    return { method: found.method ?? 'GET', target: query, headers, body: new Uint8Array(0) };
  }
  return { method: found.method ?? (found.body.length > 0 ? 'POST' : 'GET'), target, headers, body };
}

function followFlags(words: readonly string[]): Found {
  const found: Found = { method: null, url: null, headers: [], body: [], inQuery: false };
  const end = words.findIndex((word) => ends.has(word));
  const ours = end < 0 ? words : words.slice(0, end);
  for (let index = 0; index < ours.length; index += 1) {
    const word = ours[index] ?? '';
    const { name, attached } = flagOf(word);
    if (name === null) {
      if (!word.startsWith('-')) found.url = word;
      if (isGet(word)) found.inQuery = true;
      continue;
    }
    const value = attached ?? ours[index + 1];
    if (attached === null) index += 1;
    if (value === undefined) throw unreadable(`the flag ${word.slice(0, 40)} of the curl command has no value`);
    flags[name]?.(found, value);
  }
  return found;
}

/** The flag that takes a value, and the value where it stands in the same word: `--header`, `-H`, `-HA: b`, `-sXPOST`. */
function flagOf(word: string): { name: string | null; attached: string | null } {
  const long = word.startsWith('--') ? word.slice(2) : null;
  if (long !== null) return { name: Object.hasOwn(flags, long) || ignored.has(long) ? long : null, attached: null };
  const letters = word.startsWith('-') ? [...word.slice(1)] : [];
  const at = letters.findIndex((letter) => short[letter] !== undefined);
  const rest = word.slice(at + 2);
  return { name: short[letters[at] ?? ''] ?? null, attached: at < 0 || rest === '' ? null : rest };
}

function isGet(word: string): boolean {
  return word === '--get' || /^-[a-zA-Z]*G[a-zA-Z]*$/.test(word);
}

function dataOf(value: string, how: 'file' | 'file_without_breaks'): Data {
  return value.startsWith('@') ? { how, value: value.slice(1) } : { how: 'text', value };
}

async function bytesOf({ how, value }: Data, readFile: ReadFile | undefined): Promise<Uint8Array> {
  if (how === 'text') return Buffer.from(value, 'latin1');
  const name = utf8(value);
  if (readFile === undefined) {
    throw unreadable(
      `the body is in the file ${name.slice(0, 200)}; pass it with --body and the headers with --header`,
    );
  }
  const bytes = await readFile(name);
  // curl drops these from what `-d` reads, and from nothing else.
  return how === 'file' ? bytes : bytes.filter((byte) => byte !== 0x0a && byte !== 0x0d && byte !== 0);
}

/** `name=content`, `=content` or `content`; a name stays as it is. */
function urlencoded(value: string): string {
  const cut = value.indexOf('=');
  const name = cut > 0 ? `${value.slice(0, cut)}=` : '';
  const content = cut < 0 ? value : value.slice(cut + 1);
  if (cut < 0 && value.includes('@')) throw unreadable('--data-urlencode with a file is not read');
  return name + encodeURIComponent(utf8(content));
}

function refuse(what: string): Flag {
  return () => {
    throw unreadable(`${what} of the curl command is not read; pass the body with --body`);
  };
}

function utf8(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}
