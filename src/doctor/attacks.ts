import type { Instant } from '../domain/clock.ts';
import type { Notification } from '../domain/notification.ts';
import type { Profile } from '../providers/profile.ts';
import type { RawRequest } from '../providers/provider.ts';
import { doubled, downgraded, rewritten, signedAs, unsigned } from './forgery.ts';

/** What samples are made with. Each call makes a sample of a new order, so that none is a duplicate of another. */
export interface Kit {
  profile: Profile;
  now: Instant;
  /** As the platform itself seals. */
  genuine(changes?: Partial<Notification>, now?: Instant): Promise<RawRequest>;
  /** Under the same ids, with secrets of somebody else. */
  stranger(changes?: Partial<Notification>): Promise<RawRequest>;
  /** Genuine for another account: other ids and other secrets. */
  outsider(changes?: Partial<Notification>): Promise<RawRequest>;
}

export interface Attack {
  name: string;
  /** What is sent. */
  sent: string;
  /** What a safe receiver does. */
  safe: string;
  /** It takes the real secrets to make; without them it cannot be tried. */
  needsSecrets: boolean;
  /** How it travels: `slow` in drips, `twice` as a duplicate, which is to be answered as the first. */
  way?: 'slow' | 'twice';
  /** null: the format has no such thing. */
  make(kit: Kit): Promise<RawRequest | null>;
}

const dayMs = 86_400_000;
const hugeBytes = 10 * 1_048_576;
const refuses = 'refuses it, and changes nothing';

/** Every attack, in the order in which they are tried. */
export const attacks: readonly Attack[] = [
  {
    name: 'unsigned',
    sent: 'a notification without any signature',
    safe: refuses,
    needsSecrets: false,
    make: async (kit) => unsigned(await kit.outsider(), kit.profile.singleHeaders),
  },
  {
    name: 'wrong_key',
    sent: 'a notification under your ids, signed with somebody else’s key',
    safe: refuses,
    needsSecrets: true,
    make: (kit) => kit.stranger(),
  },
  {
    name: 'wrong_account',
    sent: 'a notification that is genuine for another account',
    safe: refuses,
    needsSecrets: false,
    make: (kit) => kit.outsider(),
  },
  {
    name: 'other_order',
    sent: 'a genuine signature over a body that names another order',
    safe: refuses,
    needsSecrets: true,
    make: async (kit) => signedAs(await kit.genuine(), await kit.genuine()),
  },
  {
    name: 'changed_amount',
    sent: 'a genuine signature over a body with another amount',
    safe: refuses,
    needsSecrets: true,
    async make(kit) {
      const signed = await kit.genuine({ amountMinor: 100n });
      return signedAs(signed, await kit.genuine({ amountMinor: 999_900n }));
    },
  },
  {
    name: 'stale',
    sent: 'a genuine notification, signed a day ago',
    safe: 'refuses it: its time is outside the window',
    needsSecrets: true,
    make: (kit) => kit.genuine({}, kit.now - dayMs),
  },
  {
    name: 'replayed',
    sent: 'one genuine notification twice',
    safe: 'answers it as the first time, and lets it take effect once',
    needsSecrets: true,
    way: 'twice',
    make: (kit) => kit.genuine(),
  },
  {
    name: 're_serialised',
    sent: 'a genuine signature over the same JSON, written otherwise',
    safe: 'refuses it: it verifies the bytes before it parses them',
    needsSecrets: true,
    make: async (kit) => rewritten(await kit.genuine()),
  },
  {
    name: 'downgraded_algorithm',
    sent: 'a forged signature that names a weaker or unknown scheme',
    safe: 'refuses it: the scheme is its own choice, not the sender’s',
    needsSecrets: false,
    make: async (kit) => downgraded(await kit.outsider()),
  },
  {
    name: 'duplicated_header',
    sent: 'the signature’s headers twice, the genuine copy first',
    safe: 'refuses it: what stands behind could read the other copy',
    needsSecrets: true,
    make: async (kit) => doubled(await kit.genuine(), await kit.stranger(), kit.profile.singleHeaders),
  },
  {
    name: 'duplicated_header_last',
    sent: 'the signature’s headers twice, the genuine copy last',
    safe: 'refuses it: what stands behind could read the other copy',
    needsSecrets: true,
    async make(kit) {
      const genuine = await kit.genuine();
      const both = doubled(await kit.stranger(), genuine, kit.profile.singleHeaders);
      return both === null ? null : { ...both, body: genuine.body };
    },
  },
  {
    name: 'xxe',
    sent: 'XML with an entity that names a file of the server',
    safe: 'refuses it, and shows nothing of the file',
    needsSecrets: false,
    make: async (kit) => withBody(await kit.outsider(), 'application/xml', Buffer.from(entity)),
  },
  {
    name: 'huge_body',
    sent: 'a body of 10 MiB, with a forged signature',
    safe: 'refuses it, or closes the connection',
    needsSecrets: false,
    make: async (kit) => withBody(await kit.outsider(), 'application/json', Buffer.alloc(hugeBytes, ' ')),
  },
  {
    name: 'slow_body',
    sent: 'a body that comes a byte at a time',
    safe: 'refuses it, or closes the connection, in a time of its own',
    needsSecrets: false,
    way: 'slow',
    make: (kit) => kit.outsider(),
  },
];

const entity =
  '<?xml version="1.0"?><!DOCTYPE xml [<!ENTITY file SYSTEM "file:///etc/passwd">]>' +
  '<xml><return_code>SUCCESS</return_code><result_code>SUCCESS</result_code><attach>&file;</attach></xml>';

function withBody(request: RawRequest, contentType: string, body: Uint8Array): RawRequest {
  const headers = request.headers.map(
    ([name, value]) => [name, name.toLowerCase() === 'content-type' ? contentType : value] as const,
  );
  return { ...request, headers, body };
}
