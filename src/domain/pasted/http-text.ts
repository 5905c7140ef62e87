import { type PastedRequest, readHeaders } from './request.ts';

/** Whether a text begins with a request line. */
export function isHttp(bytes: Uint8Array): boolean {
  return /^[A-Z]{3,10} \S+( HTTP\/[\d.]+)?\r?\n/.test(Buffer.from(bytes.subarray(0, 8192)).toString('latin1'));
}

/** The body stays bytes: turning it into text and back would lose what does not decode. @throws AppError `request.unreadable` */
export function readHttp(given: Uint8Array): PastedRequest {
  const bytes = Buffer.from(given);
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
