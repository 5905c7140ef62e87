import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { AppError } from '../domain/errors.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = readonly [network: Address, bits: number];

/** Which addresses the process may connect to: the public ones, and those the operator allowed although they are not. */
export interface AddressPolicy {
  readonly allow: readonly Range[];
}

/** `public`: a public or an allowed address will do. `allowed`: only an allowed one (plain http, unusual ports). */
export type Need = 'public' | 'allowed';

export type UrlCheck = { is: 'ok'; url: URL } | { is: 'refused'; error: AppError };

/** Resolves a host name to addresses in text form, in order of preference. Rejects with an error that has a `code`. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/** Longest URL that is delivered to, in characters. */
const urlCharactersMax = 2048;
/** Addresses of each family that a connection tries: with one second each they fit the deadline of a connect. */
const addressesPerFamily = 2;

const publicIpv6 = ipaddr.IPv6.parseCIDR('2000::/3');
/** NAT64 (RFC 6052 §2.1): on a network without IPv4 every host name resolves into it, so the address inside decides. */
const nat64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
/** Inside public space, but the platform's own metadata and control service (Azure; learn.microsoft.com, read 2026-01). */
const platformServices: readonly string[] = ['168.63.129.16'];

const rangeNames: Readonly<Record<string, string>> = {
  private: 'a private',
  loopback: 'a loopback',
  linkLocal: 'a link-local',
  carrierGradeNat: 'a carrier-grade NAT',
  multicast: 'a multicast',
  broadcast: 'a broadcast',
  uniqueLocal: 'a unique-local',
  unspecified: 'an unspecified',
};

/** The connection was refused by the policy, not by the network. */
export class TargetRefused extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'TargetRefused';
  }
}

/**
 * Reads `PAIDONCE_ALLOW_TARGETS`: CIDRs, or single addresses.
 *
 * @throws AppError `config.invalid` for anything else, also for a CIDR with bits beyond its prefix, which is mostly a slip.
 */
export function parseAllowedTargets(targets: readonly string[]): AddressPolicy {
  return { allow: targets.map(parseRange) };
}

/**
 * Whether a URL may be delivered to, as far as its text tells; what a host name resolves to is judged at every connection.
 * Every notation of an IP address is judged as the address it stands for: the WHATWG parser has already turned decimal, octal,
 * hexadecimal and short forms into four parts. Refused: anything but https on port 443 or above 1023 (outside allowed
 * targets), user names and passwords, fragments, and addresses that are neither public nor allowed.
 */
export function checkUrl(text: string, policy: AddressPolicy): UrlCheck {
  if (text.length > urlCharactersMax) return refused(`the URL is longer than ${urlCharactersMax} characters`);
  const url = URL.parse(text);
  if (url === null) return refused('this is not an absolute URL');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return refused(`the scheme ${url.protocol} is not https:`);
  if (url.username !== '' || url.password !== '') return refused('a user name or password may not be part of the URL');
  if (url.href.includes('#')) return refused('a fragment (#…) may not be part of the URL');
  if (url.hostname.endsWith('.')) return refused('write the host name without the dot at its end');
  const why = refusalOfHost(url, policy);
  return why === null ? { is: 'ok', url } : refused(why);
}

/** What a connection by this scheme to this port needs. `port` is empty for the scheme's own. */
export function needOf(protocol: string, port: string): Need {
  const usual = port === '' || port === '443' || Number(port) >= 1024;
  return protocol === 'https:' && usual ? 'public' : 'allowed';
}

/** Why this address may not be connected to, in plain words, or null where it may. */
export function refusalOfAddress(text: string, policy: AddressPolicy, need: Need): string | null {
  if (text.includes('%') || !ipaddr.isValid(text)) return `${text} is not a usable address`;
  const address = ipaddr.process(text);
  if (policy.allow.some(([network, bits]) => contains(network, bits, address))) return null;
  const kind = kindBeyondPublic(address);
  if (kind !== null) return `${text} is ${kind} address`;
  if (need === 'public') return null;
  return `${text} is not an allowed target, and elsewhere only https on port 443 or above 1023 is delivered to`;
}

/** `localhost` and the names below it, which are loopback by definition (RFC 6761 §6.3). */
export function isLocalhost(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost');
}

/**
 * The lookup that a socket connects with. It resolves once and hands over only addresses that may be connected to, so the
 * address checked is the address connected to and a name that changes its answer (DNS rebinding) gains nothing. A host with
 * some good and some refused addresses is reached by the good ones; with none the connection fails with {@link TargetRefused}.
 * The refusal names the kind of address, not the address: a merchant must not learn what our resolver knows.
 */
export function guardedLookup(policy: AddressPolicy, resolve: Resolve, need: Need): LookupFunction {
  return (hostname, options, callback) => {
    const answer = (addresses: readonly string[]) => {
      const passing = addresses.filter((address) => refusalOfAddress(address, policy, need) === null);
      const [first, ...rest] = [4, 6].flatMap((family) => ofFamily(passing, family));
      if (first === undefined) return callback(new TargetRefused(refusalOfName(hostname, addresses, need)), []);
      if (options.all) return callback(null, [first, ...rest]);
      return callback(null, first.address, first.family);
    };
    // A failed resolution is the connection's error; the callback itself must not run inside the promise.
    resolve(hostname).then(
      (addresses) => process.nextTick(answer, addresses),
      (error) => process.nextTick(callback, error, []),
    );
  };
}

function refusalOfHost(url: URL, policy: AddressPolicy): string | null {
  const need = needOf(url.protocol, url.port);
  const literal = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
  if (isIP(literal) !== 0) return refusalOfAddress(literal, policy, need);
  if (isLocalhost(literal)) {
    const refusals = ['127.0.0.1', '::1'].map((address) => refusalOfAddress(address, policy, need));
    return refusals.includes(null) ? null : `${literal} is this machine`;
  }
  if (
    literal.length > 253 ||
    !literal.split('.').every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label))
  ) {
    return `${JSON.stringify(literal.slice(0, 80))} is not a host name`;
  }
  if (policy.allow.length > 0) return null;
  if (!literal.includes('.')) return `${literal} is not a public host name`;
  if (url.protocol !== 'https:') return 'only https URLs are delivered to';
  return need === 'public' ? null : `port ${url.port} is not delivered to; use 443 or one above 1023`;
}

/** What makes an address other than public, with its article, or null for a public one. */
function kindBeyondPublic(address: Address): string | null {
  if (address instanceof ipaddr.IPv6 && address.match(nat64)) {
    return kindBeyondPublic(new ipaddr.IPv4(address.toByteArray().slice(12)));
  }
  const range = address.range();
  if (range !== 'unicast') return rangeNames[range] ?? 'a reserved';
  if (address instanceof ipaddr.IPv6) return address.match(publicIpv6) ? null : 'a reserved';
  return platformServices.includes(address.toString()) ? "a cloud platform's own" : null;
}

function refusalOfName(hostname: string, addresses: readonly string[], need: Need): string {
  const kinds = addresses.map((text) =>
    ipaddr.isValid(text) ? kindBeyondPublic(ipaddr.process(text)) : 'an unusable',
  );
  const kind = kinds.find((found) => found !== null);
  if (kind !== undefined) return `${hostname} resolves to ${kind} address`;
  if (need === 'allowed')
    return `${hostname} is not an allowed target, and elsewhere only https on port 443 or above 1023 is delivered to`;
  return `${hostname} resolves to no address`;
}

function ofFamily(addresses: readonly string[], family: number): { address: string; family: number }[] {
  const matching = addresses.filter((address) => isIP(address) === family);
  return matching.slice(0, addressesPerFamily).map((address) => ({ address, family }));
}

function contains(network: Address, bits: number, address: Address): boolean {
  return network.kind() === address.kind() && address.match(network, bits);
}

function parseRange(text: string): Range {
  const [host = '', prefix, ...beyond] = text.split('/');
  const family = isIP(host);
  const bitsMax = family === 4 ? 32 : 128;
  const bits = prefix === undefined ? bitsMax : Number(prefix);
  if (family === 0 || !/^\d{1,3}$/.test(prefix ?? '0') || bits > bitsMax || host.includes('%') || beyond.length > 0) {
    throw new AppError('config.invalid', `allowed target ${JSON.stringify(text)} is not a CIDR such as 10.1.0.0/16`);
  }
  const cidr = `${host}/${bits}`;
  const network = family === 4 ? ipaddr.IPv4.networkAddressFromCIDR(cidr) : ipaddr.IPv6.networkAddressFromCIDR(cidr);
  if (network.toString() !== ipaddr.parse(host).toString()) {
    throw new AppError(
      'config.invalid',
      `allowed target ${text} has bits beyond its prefix; write ${network.toString()}/${bits} or ${host}`,
    );
  }
  return [network, bits];
}

function refused(why: string): UrlCheck {
  return { is: 'refused', error: new AppError('endpoint.url', why) };
}
