import { exitCodes, Failure } from './failure.ts';

/** A request as somebody saved it. */
export interface SavedRequest {
  method: string;
  /** Path and query. */
  target: string;
  headers: readonly (readonly [name: string, value: string])[];
  body: Uint8Array;
}

/**
 * Reads a request from a `curl` command as tools copy it, or from the text of an HTTP request (request line, headers, an empty
 * line, the body byte for byte).
 *
 * @throws Failure `request.unreadable`
 */
export function readRequest(bytes: Uint8Array): SavedRequest {
  const text = Buffer.from(bytes).toString('utf8');
  if (/^\s*(\$\s*)?curl\s/.test(text)) return fromCurl(text);
  if (/^[A-Z]{3,10} \S+( HTTP\/[\d.]+)?\r?\n/.test(text)) return fromHttp(Buffer.from(bytes));
  throw unreadable('it begins neither with `curl` nor with a request line such as `POST /path HTTP/1.1`');
}

/** Headers as `name: value` lines. @throws Failure `request.unreadable` */
export function readHeaders(lines: readonly string[]): SavedRequest['headers'] {
  return lines.map((line) => {
    const colon = line.indexOf(':');
    if (colon < 1) throw unreadable(`${JSON.stringify(line.slice(0, 60))} is not a header line`);
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()] as const;
  });
}

/** The body stays bytes: turning it into text and back would lose what does not decode. */
function fromHttp(bytes: Buffer): SavedRequest {
  const crlf = bytes.indexOf('\r\n\r\n');
  const lf = bytes.indexOf('\n\n');
  const usesCrlf = crlf >= 0 && (lf < 0 || crlf < lf);
  const end = usesCrlf ? crlf : lf;
  const head = bytes.subarray(0, end < 0 ? bytes.length : end).toString('utf8');
  const [requestLine = '', ...lines] = head.split(/\r?\n/);
  const [method = '', target = '/'] = requestLine.split(' ');
  const body = end < 0 ? Buffer.alloc(0) : bytes.subarray(end + (usesCrlf ? 4 : 2));
  return { method, target, headers: readHeaders(lines.filter((line) => line !== '')), body: cutToLength(body, lines) };
}

/** An editor adds a line break at the end of a file; content-length says where the body really ends. */
function cutToLength(body: Buffer, lines: readonly string[]): Uint8Array {
  const length = lines
    .map((line) => /^content-length:\s*(\d+)\s*$/i.exec(line)?.[1])
    .find((found) => found !== undefined);
  return length === undefined || Number(length) > body.length ? body : body.subarray(0, Number(length));
}

/** Flags of curl that take a value which does not matter here. */
const ignoredWithValue = new Set([
  '-o',
  '--output',
  '-m',
  '--max-time',
  '--connect-timeout',
  '-x',
  '--proxy',
  '--resolve',
  '-w',
  '--write-out',
  '--cacert',
]);

function fromCurl(text: string): SavedRequest {
  const [, ...words] = shellWords(text.trim().replace(/^\$\s*/, ''));
  const found: { method: string | null; url: string | null; headers: string[]; body: string[] } = {
    method: null,
    url: null,
    headers: [],
    body: [],
  };
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const value = () => {
      index += 1;
      return words[index] ?? '';
    };
    if (word === '-X' || word === '--request') found.method = value();
    else if (word === '-H' || word === '--header') found.headers.push(value());
    else if (word === '-A' || word === '--user-agent') found.headers.push(`user-agent: ${value()}`);
    else if (word === '-b' || word === '--cookie') found.headers.push(`cookie: ${value()}`);
    else if (/^(-d|--data(-raw|-binary|-ascii)?)$/.test(word)) found.body.push(dataOf(word, value()));
    else if (word === '--url') found.url = value();
    else if (ignoredWithValue.has(word)) value();
    else if (!word.startsWith('-')) found.url = word;
  }
  const url =
    found.url === null ? null : URL.parse(/^[a-z]+:\/\//i.test(found.url) ? found.url : `http://${found.url}`);
  if (url === null) throw unreadable('the curl command names no URL');
  const body = Buffer.from(found.body.join('&'));
  return {
    method: found.method ?? (found.body.length > 0 ? 'POST' : 'GET'),
    target: url.pathname + url.search,
    headers: readHeaders(found.headers),
    body,
  };
}

/** curl drops line breaks from `-d @file` only; a file cannot be read from a pasted command. */
function dataOf(flag: string, value: string): string {
  if (value.startsWith('@') && flag !== '--data-raw')
    throw unreadable(`the body is in the file ${value.slice(1)}; pass it with --body and the headers with --header`);
  return value;
}

/** Splits a command as a POSIX shell does: quotes, `$'…'`, backslashes and continued lines; nothing is expanded. */
function shellWords(text: string): readonly string[] {
  const token =
    /\\\r?\n|\s+|'([^']*)'|\$'((?:[^'\\]|\\[\s\S])*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|([^\s'"\\$]+|\$)|(["'\\])/g;
  const words: string[] = [];
  let word: string | null = null;
  for (const match of text.matchAll(token)) {
    const [whole, single, dollar, double, escaped, bare, open] = match;
    if (open !== undefined) throw unreadable('a quotation mark of the curl command is not closed');
    const piece =
      single ??
      (dollar === undefined ? undefined : unescapeDollar(dollar)) ??
      double?.replace(/\\([$`"\\])|\\\r?\n/g, '$1') ??
      escaped ??
      bare;
    if (piece !== undefined) word = (word ?? '') + piece;
    else if (!whole.startsWith('\\')) {
      if (word !== null) words.push(word);
      word = null;
    }
  }
  if (word !== null) words.push(word);
  return words;
}

function unescapeDollar(text: string): string {
  const simple: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', "'": "'", '"': '"', '\\': '\\' };
  return text.replace(
    /\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([\s\S]))/g,
    (_, unicode?: string, hex?: string, one?: string) => {
      const code = unicode ?? hex;
      return code === undefined
        ? (simple[one ?? ''] ?? `\\${one ?? ''}`)
        : String.fromCharCode(Number.parseInt(code, 16));
    },
  );
}

function unreadable(reason: string): Failure {
  return new Failure(exitCodes.usage, {
    code: 'request.unreadable',
    reason: `the request cannot be read: ${reason}`,
    next: 'Pass a saved HTTP request or a curl command, or use --header and --body; see `paidonce verify --help`.',
  });
}
