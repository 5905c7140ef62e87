import { createHash } from 'node:crypto';
import { AppError } from '../../domain/errors.ts';
import { limits } from '../../domain/limits.ts';
import type { ClientWorld, HttpRequest } from '../provider.ts';

/** Where a platform keeps the files of its bills. */
export interface BillPlace {
  platform: string;
  /** The API's own address; files may lie beside it. */
  baseUrl: string;
  /** Other hosts of the platform: each is this one, or ends with it after a point. */
  hosts: readonly string[];
}

/**
 * The address of a bill's file as the platform said it. What is signed for the platform, or shows who we are, goes to its own hosts
 * alone, and there by https even where the platform still writes http.
 *
 * @throws AppError `provider.answer` for an address elsewhere.
 */
export function billUrl({ platform, baseUrl, hosts }: BillPlace, said: string | null): URL {
  const url = URL.parse(said ?? '');
  if (url === null) throw new AppError('provider.answer', `${platform} answered no address of a bill`);
  if (url.origin === new URL(baseUrl).origin) return url;
  const isOwn = hosts.some((host) => url.hostname === host || url.hostname.endsWith(`.${host}`));
  if (!isOwn || url.port !== '' || !['http:', 'https:'].includes(url.protocol))
    throw new AppError('provider.answer', `${platform} answered a bill at ${url.host}, which is no host of its own`);
  url.protocol = 'https:';
  return url;
}

/**
 * A bill's file as it comes. With `sha1` (hex) it is checked when it has ended: what was read before counts only then.
 *
 * @throws AppError `provider.unreachable`, `provider.refused`; `provider.answer` for a file that is too long, or another than was named.
 */
export async function* billFile(
  { http, now }: ClientWorld,
  { platform, request, sha1 = null }: { platform: string; request: HttpRequest; sha1?: string | null },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha1');
  const until = now() + limits.statementMs;
  let bytes = 0;
  for await (const chunk of http.stream(request, signal)) {
    bytes += chunk.length;
    if (bytes > limits.statementBytesMax)
      throw new AppError('provider.answer', `the bill of ${platform} is over ${limits.statementBytesMax} bytes`);
    if (now() > until)
      throw new AppError('provider.unreachable', `the bill of ${platform} took over ${limits.statementMs} ms`);
    hash.update(chunk);
    yield chunk;
  }
  if (sha1 !== null && hash.digest('hex') !== sha1.toLowerCase())
    throw new AppError('provider.answer', `the bill of ${platform} is not the file that it named: its SHA-1 differs`);
}

/** There is no bill (yet): to be thrown. */
export function absentBill(platform: string, day: string, words: string): AppError {
  return new AppError('statement.absent', `${platform} has no bill of ${day}: ${words}`);
}

/** What a platform in China answers for a day that is not over there: it has several words for that. */
export function asAbsent(error: unknown, { platform, day, now }: { platform: string; day: string; now: number }) {
  const isOver = Date.parse(`${day}T24:00:00+08:00`) <= now;
  const isRefused = error instanceof AppError && error.code === 'provider.refused';
  return isRefused && !isOver ? absentBill(platform, day, `the day is not over in Beijing (${error.detail})`) : error;
}
