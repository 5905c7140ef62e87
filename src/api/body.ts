import { AppError } from '../domain/errors.ts';
import { limits } from '../domain/limits.ts';
import { parseJson } from './json.ts';

/**
 * The body of a request as JSON without loss, or undefined where there is none.
 *
 * @throws AppError `request.media_type`, `request.too_large`, `request.incomplete`, `request.malformed`.
 */
export async function readJson(request: Request): Promise<unknown> {
  const announced = request.headers.get('content-length');
  if (announced === '0' || (announced === null && request.body === null)) return undefined;
  // Without an announced length only reading tells whether there is a body, and what there is not needs no type.
  if (announced !== null) requireJson(request.headers);
  const bytes = await readBytes(request, announced);
  if (bytes.length === 0) return undefined;
  if (announced === null) requireJson(request.headers);
  return parseJson(bytes);
}

function requireJson(headers: Headers): void {
  const type = headers.get('content-type');
  // One exact comparison serves nearly every request.
  if (type !== 'application/json') {
    const problem = mediaTypeProblem(type);
    if (problem !== null) throw new AppError('request.media_type', problem);
  }
  const encoding = headers.get('content-encoding');
  if (encoding !== null && encoding !== 'identity') {
    throw new AppError(
      'request.media_type',
      `the content encoding ${JSON.stringify(encoding.slice(0, 40))} is not read`,
    );
  }
}

function mediaTypeProblem(type: string | null): string | null {
  if (type === null) return 'the header content-type is missing';
  const [essence = '', ...parameters] = type.split(';').map((part) => part.trim().toLowerCase());
  if (essence !== 'application/json') return `the content type ${JSON.stringify(essence.slice(0, 80))} is not read`;
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  if (charset === undefined || /^"?utf-?8"?$/.test(charset)) return null;
  return `the charset ${JSON.stringify(charset.slice(0, 40))} is not read`;
}

/** The bytes of a body, whatever they are. @throws AppError `request.too_large`, `request.incomplete`. */
export async function readBytes(request: Request, announced: string | null): Promise<Uint8Array> {
  if (announced !== null && Number(announced) > limits.requestBytesMax) throw tooLarge();
  try {
    if (announced === null) return await readChunks(request);
    const bytes = new Uint8Array(await request.arrayBuffer());
    if (bytes.length > limits.requestBytesMax) throw tooLarge();
    return bytes;
  } catch (error) {
    if (error instanceof AppError) throw error;
    // Whatever else reading reports (aborted, reset, ended early) means that the body is not whole.
    throw new AppError('request.incomplete', 'the body ended before its announced length', { cause: error });
  }
}

/** A body of unknown length is read piece by piece, so that it can be cut at the limit. */
async function readChunks(request: Request): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > limits.requestBytesMax) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(): AppError {
  return new AppError('request.too_large', `the body is larger than ${limits.requestBytesMax} bytes`);
}
