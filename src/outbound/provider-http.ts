import { AppError } from '../domain/errors.ts';
import { limits } from '../domain/limits.ts';
import type { HttpRequest, Http as ProviderHttp } from '../providers/provider.ts';
import type { Http } from './http-client.ts';

/** How the clients of providers leave the process: through the same guard of addresses as everything else. */
export function createProviderHttp(http: Http): ProviderHttp {
  const timeoutMs = limits.providerAnswerMs;
  return {
    async send(request, signal) {
      const responseBytesMax = limits.providerAnswerBytesMax;
      const posted = await http.post({ ...request, timeoutMs, responseBytesMax, signal });
      if (posted.is !== 'answered') throw unreachable(request, posted.why);
      if (posted.truncated) throw unreachable(request, `the answer is over ${responseBytesMax} bytes`);
      const { status, headers, body } = posted;
      return { status, headers, body };
    },
    async *stream(request, signal) {
      const sent = { ...request, timeoutMs, signal };
      const { status, body } = await orUnreachable(request, () => http.stream(sent, limits.providerChunkMs));
      if (status === 200) yield* reading(request, body);
      else
        throw new AppError(
          'provider.refused',
          `${placeOf(request)}: status ${status}, ${await startOf(request, body)}`,
        );
    },
  };
}

async function orUnreachable<T>(request: HttpRequest, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw unreachable(request, error instanceof Error ? error.message : String(error));
  }
}

async function* reading(request: HttpRequest, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  try {
    while (true) {
      const next = await orUnreachable(request, () => chunks.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await chunks.return?.();
  }
}

const startCharactersMax = 200;

/** What the platform says of its refusal, on one line. */
async function startOf(request: HttpRequest, body: AsyncIterable<Uint8Array>): Promise<string> {
  for await (const chunk of reading(request, body)) {
    return Buffer.from(chunk)
      .toString()
      .replaceAll(/[\s\p{Cc}]+/gu, ' ')
      .slice(0, startCharactersMax);
  }
  return 'without a body';
}

/** Only its host: paths and parameters may hold secrets. */
function unreachable(request: HttpRequest, why: string): AppError {
  return new AppError('provider.unreachable', `${placeOf(request)}: ${why}`);
}

function placeOf({ url }: HttpRequest): string {
  return URL.parse(url)?.host ?? 'an address that is none';
}
