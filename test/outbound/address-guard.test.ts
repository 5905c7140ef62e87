import type { LookupAddress } from 'node:dns';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/domain/errors.ts';
import {
  checkUrl,
  guardedLookup,
  type Need,
  parseAllowedTargets,
  refusalOfAddress,
  TargetRefused,
} from '../../src/outbound/address-guard.ts';

const nothingAllowed = parseAllowedTargets([]);

function whyRefused(url: string, allow: readonly string[] = []): string | null {
  const checked = checkUrl(url, parseAllowedTargets(allow));
  if (checked.is === 'ok') return null;
  expect(checked.error.code).toBe('endpoint.url');
  return checked.error.detail;
}

describe('a URL with an IP address', () => {
  it.each([
    ['https://127.0.0.1/', 'a loopback'],
    ['https://127.0.0.1:8443/', 'a loopback'],
    ['https://127.1/', 'a loopback'],
    ['https://127.0.1/', 'a loopback'],
    ['https://2130706433/', 'a loopback'],
    ['https://0x7f000001/', 'a loopback'],
    ['https://0x7F.0x0.0x0.0x1/', 'a loopback'],
    ['https://017700000001/', 'a loopback'],
    ['https://0177.0.0.01/', 'a loopback'],
    ['https://0x7f.1/', 'a loopback'],
    ['https://%31%32%37.0.0.1/', 'a loopback'],
    ['https://①②⑦.⓪.⓪.①/', 'a loopback'],
    ['https://127。0。0。1/', 'a loopback'],
    ['https://127.0.0.1./', 'a loopback'],
    ['https:\\\\127.0.0.1\\', 'a loopback'],
    ['https://1\t27.0.0.1/', 'a loopback'],
    ['https://10.0.0.1/', 'a private'],
    ['https://167772161/', 'a private'],
    ['https://012.1/', 'a private'],
    ['https://172.16.0.1/', 'a private'],
    ['https://172.31.255.255/', 'a private'],
    ['https://192.168.1.1/', 'a private'],
    ['https://0300.0250.1.1/', 'a private'],
    ['https://169.254.169.254/latest/meta-data/', 'a link-local'],
    ['https://0xa9fea9fe/', 'a link-local'],
    ['https://2852039166/', 'a link-local'],
    ['https://100.64.0.1/', 'a carrier-grade NAT'],
    ['https://100.100.100.200/', 'a carrier-grade NAT'],
    ['https://168.63.129.16/', "a cloud platform's own"],
    ['https://0.0.0.0/', 'an unspecified'],
    ['https://0/', 'an unspecified'],
    ['https://0.1.2.3/', 'an unspecified'],
    ['https://255.255.255.255/', 'a broadcast'],
    ['https://224.0.0.1/', 'a multicast'],
    ['https://240.0.0.1/', 'a reserved'],
    ['https://192.0.2.1/', 'a reserved'],
    ['https://198.51.100.7/', 'a reserved'],
    ['https://203.0.113.7/', 'a reserved'],
    ['https://198.18.0.1/', 'a reserved'],
    ['https://192.0.0.192/', 'a reserved'],
    ['https://192.88.99.1/', 'a reserved'],
    ['https://[::1]/', 'a loopback'],
    ['https://[0:0:0:0:0:0:0:1]/', 'a loopback'],
    ['https://[::]/', 'an unspecified'],
    ['https://[::ffff:127.0.0.1]/', 'a loopback'],
    ['https://[::ffff:7f00:1]/', 'a loopback'],
    ['https://[0:0:0:0:0:ffff:a9fe:a9fe]/', 'a link-local'],
    ['https://[::127.0.0.1]/', 'a reserved'],
    ['https://[::ffff:0:127.0.0.1]/', 'a reserved'],
    ['https://[64:ff9b::127.0.0.1]/', 'a loopback'],
    ['https://[64:ff9b::a00:1]/', 'a private'],
    ['https://[64:ff9b:1::808:808]/', 'a reserved'],
    ['https://[2002:7f00:1::]/', 'a reserved'],
    ['https://[2002:808:808::1]/', 'a reserved'],
    ['https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/', 'a reserved'],
    ['https://[fe80::1]/', 'a link-local'],
    ['https://[fc00::1]/', 'a unique-local'],
    ['https://[fd00:ec2::254]/', 'a unique-local'],
    ['https://[fec0::1]/', 'a reserved'],
    ['https://[ff02::1]/', 'a multicast'],
    ['https://[2001:db8::1]/', 'a reserved'],
    ['https://[3fff::1]/', 'a reserved'],
    ['https://[100::1]/', 'a reserved'],
    ['https://[5f00::1]/', 'a reserved'],
    ['https://[4000::1]/', 'a reserved'],
  ])('%s is refused as %s address', (url, kind) => {
    expect(whyRefused(url)).toContain(`is ${kind} address`);
  });

  it.each([
    'https://8.8.8.8/',
    'https://134744072/',
    'https://0x08080808/',
    'https://172.32.0.1:8443/',
    'https://100.128.0.1/',
    'https://[2606:4700::1111]/',
    'https://[::ffff:8.8.8.8]/',
    'https://[64:ff9b::8.8.8.8]/',
  ])('%s is public', (url) => {
    expect(whyRefused(url)).toBeNull();
  });

  it('means the same in every notation', () => {
    const octet = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(octet, octet, octet, octet, (a, b, c, d) => {
        const number = ((a * 256 + b) * 256 + c) * 256 + d;
        const hex = number.toString(16);
        const verdict = refusalOfAddress(`${a}.${b}.${c}.${d}`, nothingAllowed, 'public');
        const notations = [
          `${a}.${b}.${c}.${d}`,
          String(number),
          `0x${hex}`,
          `0${number.toString(8)}`,
          `${a}.${b}.${c * 256 + d}`,
          `0x${a.toString(16)}.0${b.toString(8)}.${c}.${d}`,
          `[::ffff:${a}.${b}.${c}.${d}]`,
          `[64:ff9b::${a}.${b}.${c}.${d}]`,
        ];
        for (const host of notations) expect(whyRefused(`https://${host}/`) === null, host).toBe(verdict === null);
      }),
    );
  });
});

describe('a URL', () => {
  it.each([
    ['not a url', 'not an absolute URL'],
    ['/callbacks', 'not an absolute URL'],
    ['https://', 'not an absolute URL'],
    ['https://[fe80::1%25eth0]/', 'not an absolute URL'],
    ['https://127.0.0.256/', 'not an absolute URL'],
    ['https://shop.example:99999/', 'not an absolute URL'],
    ['ftp://shop.example/', 'ftp:'],
    ['file:///etc/passwd', 'file:'],
    ['javascript:alert(1)', 'javascript:'],
    ['https://user@shop.example/', 'user name'],
    ['https://:secret@shop.example/', 'user name'],
    ['https://127.0.0.1@shop.example/', 'user name'],
    ['https://shop.example/#part', 'fragment'],
    ['https://shop.example/#', 'fragment'],
    ['http://shop.example/', 'only https'],
    ['https://shop.example:22/', 'port 22'],
    ['https://shop.example:80/', 'port 80'],
    ['https://shop.example:0/', 'port 0'],
    ['https://localhost/', 'this machine'],
    ['https://LOCALHOST:8443/', 'this machine'],
    ['https://shop.localhost/', 'this machine'],
    ['https://localhost./', 'dot at its end'],
    ['https://intranet/', 'not a public host name'],
    ['https://shop!.example/', 'not a host name'],
    [`https://${'a'.repeat(64)}.example/`, 'not a host name'],
    [`https://shop.example/${'a'.repeat(2048)}`, '2048'],
  ])('%s is refused with a plain reason', (url, reason) => {
    expect(whyRefused(url)).toContain(reason);
  });

  it.each([
    'https://shop.example/callbacks?a=1',
    'https://shop.example:8443',
    'https://bücher.example/',
    'https://a_b.shop.example/',
  ])('%s may be delivered to', (url) => {
    expect(whyRefused(url)).toBeNull();
  });

  it('of an allowed target may be plain http, private and on any port', () => {
    const allow = ['10.1.0.0/16', '127.0.0.1', 'fd00::/8'];
    for (const url of [
      'http://10.1.2.3/',
      'http://10.1.2.3:25/',
      'https://127.0.0.1/',
      'http://localhost:7700/',
      'http://[fd00::1]/',
    ]) {
      expect(whyRefused(url, allow), url).toBeNull();
    }
    expect(whyRefused('http://[::ffff:10.1.2.3]/', allow)).toBeNull();
    expect(whyRefused('http://10.2.0.1/', allow)).toContain('a private');
    expect(whyRefused('http://8.8.8.8/', allow)).toContain('not an allowed target');
    expect(whyRefused('https://8.8.8.8:22/', allow)).toContain('not an allowed target');
    expect(whyRefused('https://[64:ff9b::10.1.2.3]/', allow)).toContain('a private');
    // What a name stands for is only known when it is connected to.
    expect(whyRefused('http://shop/', allow)).toBeNull();
  });
});

describe('allowed targets', () => {
  it.each([
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0/8',
    '010.0.0.0/8',
    'localhost',
    '',
    '10.0.0.0/8/8',
    'fe80::%eth0/10',
    '::/129',
    '10.0.0.0/-1',
  ])('%j is refused', (text) => {
    expect(() => parseAllowedTargets([text])).toThrow(AppError);
  });

  it('with bits beyond the prefix are refused with what was probably meant', () => {
    expect(() => parseAllowedTargets(['10.1.2.3/8'])).toThrow('write 10.0.0.0/8 or 10.1.2.3');
    expect(() => parseAllowedTargets(['10.0.0.0/8', 'fd00:0::0/8', '::1', '0.0.0.0/0'])).not.toThrow();
  });
});

describe('the lookup', () => {
  const ask = (answers: readonly string[][], need: Need = 'public', allow: readonly string[] = []) => {
    let asked = 0;
    const lookup = guardedLookup(parseAllowedTargets(allow), async () => answers[asked++] ?? [], need);
    return () =>
      new Promise<readonly LookupAddress[]>((resolve, reject) => {
        lookup('shop.example', { all: true }, (error, addresses) => {
          if (error !== null) reject(error);
          else resolve(addresses as LookupAddress[]);
        });
      });
  };

  it('passes on public addresses, at most two of a family, IPv4 first', async () => {
    const lookup = ask([['2606:4700::1', '8.8.8.8', '8.8.4.4', '1.1.1.1']]);
    expect(await lookup()).toEqual([
      { address: '8.8.8.8', family: 4 },
      { address: '8.8.4.4', family: 4 },
      { address: '2606:4700::1', family: 6 },
    ]);
  });

  it('judges every answer anew, so that a name cannot turn to a private address', async () => {
    const lookup = ask([['8.8.8.8'], ['127.0.0.1'], ['169.254.169.254']]);
    expect(await lookup()).toHaveLength(1);
    await expect(lookup()).rejects.toThrow('shop.example resolves to a loopback address');
    await expect(lookup()).rejects.toBeInstanceOf(TargetRefused);
  });

  it('uses only the addresses that pass, and does not tell the others', async () => {
    expect(await ask([['10.0.0.1', '8.8.8.8', '::1']])()).toEqual([{ address: '8.8.8.8', family: 4 }]);
    await expect(ask([['10.7.7.7', 'fe80::1%eth0']])()).rejects.toThrow(/^shop.example resolves to a private address$/);
  });

  it('passes on only allowed addresses where the scheme or port needs it', async () => {
    await expect(ask([['8.8.8.8']], 'allowed')()).rejects.toThrow('not an allowed target');
    expect(await ask([['8.8.8.8', '10.1.0.1']], 'allowed', ['10.1.0.0/16'])()).toEqual([
      { address: '10.1.0.1', family: 4 },
    ]);
  });

  it('answers with one address where one is asked for, and with the error of the resolution', async () => {
    const one = new Promise((resolve) => {
      guardedLookup(nothingAllowed, async () => ['8.8.8.8'], 'public')('shop.example', {}, (...answer) =>
        resolve(answer),
      );
    });
    expect(await one).toEqual([null, '8.8.8.8', 4]);
    const failing = guardedLookup(nothingAllowed, () => Promise.reject(new Error('no name server')), 'public');
    const failed = new Promise((resolve) => failing('shop.example', { all: true }, (error) => resolve(error?.message)));
    expect(await failed).toBe('no name server');
    await expect(ask([[]])()).rejects.toThrow('no address');
  });
});
