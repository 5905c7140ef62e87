import { lookup, Resolver } from 'node:dns/promises';
import { systemClock } from '../domain/clock.ts';
import { within } from '../domain/within.ts';
import { isLocalhost, type Resolve } from './address-guard.ts';

/** One family's answer of the name servers. */
type Query = (hostname: string, family: 4 | 6) => Promise<readonly string[]>;

interface ResolveOptions {
  /** Whether names that the name servers do not have may be asked of the operating system (hosts file, search domains). */
  system: boolean;
  query?: Query;
  systemLookup?: Resolve;
}

/** One try at a name server, and how many; c-ares doubles the wait for the second. */
const queryMs = 1500;
const queryTries = 2;
/** How long the slower family is waited for once the other has an answer (RFC 8305 §3 says 50 ms). */
const otherFamilyMs = 50;
/** `getaddrinfo` blocks one of libuv's four threads, which files and cryptography need too. */
const systemLookupsMax = 1;
const systemWaitingMax = 64;

/**
 * Resolves by asking the name servers without blocking a thread: `dns.lookup` holds one of libuv's four threads per name, so
 * that four names with dead name servers would stop every other delivery. Where `system` is set (an operator allowed private
 * targets), names that the name servers do not have go to the operating system, one at a time. Questions for the
 * same name at the same time are asked once; answers are not kept.
 */
export function createResolve(options: ResolveOptions): Resolve {
  const query = options.query ?? nameServers();
  const system = options.system ? oneAtATime(options.systemLookup ?? systemAddresses) : null;
  const asking = new Map<string, Promise<readonly string[]>>();
  return (hostname) => {
    if (isLocalhost(hostname)) return Promise.resolve(['127.0.0.1', '::1']);
    const running = asking.get(hostname);
    if (running !== undefined) return running;
    const answer = resolveBoth(hostname, query)
      .catch((error) => {
        // A name server that answers late says nothing about the name, and asking again would take the one place for it.
        if (system === null || !(isAbsence(error) || codeOf(error) === 'ECONNREFUSED')) throw error;
        return system(hostname);
      })
      .finally(() => asking.delete(hostname));
    asking.set(hostname, answer);
    return answer;
  };
}

async function resolveBoth(hostname: string, query: Query): Promise<readonly string[]> {
  const found = new Map<number, readonly string[]>();
  const families = ([4, 6] as const).map(async (family) => {
    const addresses = await query(hostname, family);
    found.set(family, addresses);
  });
  const all = Promise.allSettled(families);
  try {
    await Promise.any(families);
  } catch (error) {
    // Both families failed. A name server's failure says more than "no such record" of the other family.
    const errors: unknown[] = error instanceof AggregateError ? error.errors : [error];
    throw errors.find((one) => !isAbsence(one)) ?? errors[0];
  }
  await within(systemClock, otherFamilyMs, all);
  return [...(found.get(4) ?? []), ...(found.get(6) ?? [])];
}

/** "There is no such name or record", as opposed to "the name server did not answer". */
function isAbsence(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOTFOUND' || code === 'ENODATA' || code === 'ENONAME';
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null;
}

function nameServers(): Query {
  const resolver = new Resolver({ timeout: queryMs, tries: queryTries });
  return (hostname, family) => (family === 4 ? resolver.resolve4(hostname) : resolver.resolve6(hostname));
}

async function systemAddresses(hostname: string): Promise<readonly string[]> {
  const answers = await lookup(hostname, { all: true, order: 'verbatim' });
  return answers.map((answer) => answer.address);
}

/** Runs lookups one after another; past the bound they fail at once. */
function oneAtATime(resolve: Resolve): Resolve {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (hostname) => {
    if (running >= systemLookupsMax) {
      if (waiting.length >= systemWaitingMax) throw new Error('too many host names wait to be resolved');
      await new Promise<void>((proceed) => waiting.push(proceed));
    }
    running += 1;
    try {
      return await resolve(hostname);
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  };
}
