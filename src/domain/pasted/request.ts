import { AppError } from '../errors.ts';

/** A request as somebody saved it. */
export interface PastedRequest {
  method: string;
  /** Path and query. */
  target: string;
  headers: readonly (readonly [name: string, value: string])[];
  body: Uint8Array;
}

export function unreadable(reason: string): AppError {
  return new AppError('request.unreadable', `the request cannot be read: ${reason}`);
}

/** Headers as `name: value` lines. @throws AppError `request.unreadable` */
export function readHeaders(lines: readonly string[]): PastedRequest['headers'] {
  return lines.map((line) => {
    const colon = line.indexOf(':', 1);
    if (colon < 1) throw unreadable(`${JSON.stringify(line.slice(0, 60))} is not a header line`);
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()] as const;
  });
}

/** Path and query of a URL, and its host as a header where none is given. @throws AppError `request.unreadable` */
export function addressedTo(
  text: string,
  headers: PastedRequest['headers'],
): Pick<PastedRequest, 'target' | 'headers'> {
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text : `http://${text}`);
  if (url === null) throw unreadable(`${JSON.stringify(text.slice(0, 60))} is not a URL`);
  const hasHost = headers.some(([name]) => name.toLowerCase() === 'host');
  return { target: url.pathname + url.search, headers: hasHost ? headers : [...headers, ['host', url.host]] };
}
