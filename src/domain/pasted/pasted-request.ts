import { isCurl, type ReadFile, readCurl } from './curl-command.ts';
import { isHar, readHar } from './har.ts';
import { isHttp, readHttp } from './http-text.ts';
import { type PastedRequest, unreadable } from './request.ts';

export interface PasteOptions {
  /** Which entry of a HAR, from 1; default: the only one that has a body. */
  entry?: number | undefined;
  /** Reads the files that a curl command names; absent = a command that names one is refused. */
  readFile?: ReadFile;
}

/**
 * Reads a request as people have it: a `curl` command as browsers and terminals copy it, a HAR or an entry of one, or the text of an
 * HTTP request (request line, headers, an empty line, the body byte for byte). Nothing of it is executed or expanded.
 *
 * @throws AppError `request.unreadable`
 */
export async function readPasted(bytes: Uint8Array, options: PasteOptions = {}): Promise<PastedRequest> {
  if (isCurl(bytes)) return readCurl(bytes, options);
  if (isHar(bytes)) return readHar(bytes, options.entry);
  if (isHttp(bytes)) return readHttp(bytes);
  throw unreadable(
    'it begins neither with `curl`, nor as a HAR, nor with a request line such as `POST /path HTTP/1.1`',
  );
}
