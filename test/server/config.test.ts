import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { defaultThresholds } from '../../src/domain/alert.ts';
import { isLoopback, loadConfig, localUrl } from '../../src/server/config.ts';
import { isSettingName, settingNames, settings } from '../../src/server/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'paidonce-config-'));
afterEach(() => rmSync(join(folder, 'config.json'), { force: true }));

const key = Buffer.from(Uint8Array.from({ length: 32 }, (_, index) => (index * 7 + 3) % 251)).toString('base64');
const from = (environment: Record<string, string>) => loadConfig({ environment });

function fromFile(content: string, environment: Record<string, string> = {}) {
  const file = join(folder, 'config.json');
  writeFileSync(file, content);
  return loadConfig({ environment: { ...environment, PAIDONCE_CONFIG: file } });
}

describe('the settings of alerts', () => {
  const read = (settings: Record<string, string>) => loadConfig({ environment: settings }).alerts;

  it('name robots and change thresholds one by one', () => {
    const robots = 'wecom https://robot.example/?key=1, feishu https://robot.example/2 s';
    expect(read({ PAIDONCE_ALERT_ROBOTS: robots, PAIDONCE_ALERT_RULES: 'oldest_due=60, money_at_risk=0' })).toEqual({
      robots: [
        { kind: 'wecom', url: 'https://robot.example/?key=1', secret: null },
        { kind: 'feishu', url: 'https://robot.example/2', secret: 's' },
      ],
      thresholds: { ...defaultThresholds, oldest_due: 60, money_at_risk: 0 },
    });
  });

  it.each(['oldest=1', 'oldest_due', 'oldest_due=-1', 'oldest_due=1=2', 'oldest_due=x', 'toString=1'])(
    'are refused: %s',
    (rules) => {
      expect(() => read({ PAIDONCE_ALERT_RULES: rules })).toThrow('PAIDONCE_ALERT_RULES');
    },
  );

  it('never show the key of a robot that cannot be read', () => {
    expect(() => read({ PAIDONCE_ALERT_ROBOTS: 'slack not-a-url-with-key' })).toThrow(/^((?!with-key).)*$/);
  });
});

describe('the settings of sign-in', () => {
  const all = {
    PAIDONCE_OIDC_ISSUER: 'https://login.example.com/realms/pay',
    PAIDONCE_OIDC_CLIENT_ID: 'paidonce',
    PAIDONCE_OIDC_CLIENT_SECRET: 'hidden',
    PAIDONCE_OIDC_ROLES: 'groups:a:b=c=admin, https://example.com/teams:ops=operator',
  };

  it('name the identity provider, and who gets which role', () => {
    expect(from(all).oidc).toEqual({
      issuer: 'https://login.example.com/realms/pay',
      clientId: 'paidonce',
      clientSecret: 'hidden',
      roles: [
        { claim: 'groups', value: 'a:b=c', role: 'admin' },
        { claim: 'https://example.com/teams', value: 'ops', role: 'operator' },
      ],
    });
  });

  it.each(Object.keys(all))('are set all or not at all: %s is missing', (name) => {
    expect(() => from({ ...all, [name]: '' })).toThrow(`${name} (in a file`);
  });

  it.each([
    ['PAIDONCE_OIDC_ISSUER', 'http://login.example.com'],
    ['PAIDONCE_OIDC_ISSUER', 'https://login.example.com?realm=pay'],
    ['PAIDONCE_OIDC_ROLES', 'groups:a=owner'],
    ['PAIDONCE_OIDC_ROLES', 'groups=admin'],
  ])('are refused: %s=%s', (name, value) => {
    expect(() => from({ ...all, [name]: value })).toThrow(name);
  });

  it('take plain http on this machine alone', () => {
    expect(from({ ...all, PAIDONCE_OIDC_ISSUER: 'http://localhost:8080' }).oidc?.issuer).toBe('http://localhost:8080');
  });
});

describe('the configuration', () => {
  it('has defaults for everything', () => {
    expect(from({})).toEqual({
      host: '127.0.0.1',
      port: 7700,
      publicUrl: null,
      trustProxy: [],
      data: './data',
      databaseUrl: null,
      databaseDirectUrl: null,
      retentionDays: 90,
      sealKey: null,
      alerts: { robots: [], thresholds: defaultThresholds },
      adminKey: null,
      masterKeys: null,
      allowTargets: null,
      tls: null,
      oidc: null,
      processes: 1,
      logLevel: null,
      origins: {},
      unknownNames: [],
    });
  });

  it('is read from the environment', () => {
    const config = from({
      PAIDONCE_HOST: '0.0.0.0',
      PAIDONCE_PORT: '80',
      PAIDONCE_PUBLIC_URL: 'https://pay.example/base/',
      PAIDONCE_TRUST_PROXY: '10.0.0.1, fd00::/8',
      PAIDONCE_MASTER_KEY: `${key},${key}`,
      PAIDONCE_ALLOW_TARGETS: '10.0.0.0/8,::1',
      PAIDONCE_LOG_LEVEL: 'debug',
      PAIDONCE_TLS_CERT: 'c.pem',
      PAIDONCE_TLS_KEY: 'k.pem',
      PAIDONCE_PROT: '81',
    });
    expect(config).toMatchObject({
      host: '0.0.0.0',
      port: 80,
      publicUrl: 'https://pay.example/base',
      trustProxy: [
        { address: '10.0.0.1', prefix: 32 },
        { address: 'fd00::', prefix: 8 },
      ],
      allowTargets: ['10.0.0.0/8', '::1'],
      logLevel: 'debug',
      tls: { certificateFile: 'c.pem', keyFile: 'k.pem' },
      unknownNames: ['PAIDONCE_PROT'],
    });
    expect(config.masterKeys?.map((one) => one.length)).toEqual([32, 32]);
  });

  it('is read from a file, before which the environment goes', () => {
    const config = fromFile('{"port": 7701, "host": "::1", "allow_targets": ["10.0.0.0/8", "::1"]}', {
      PAIDONCE_PORT: '7702',
    });
    expect(config).toMatchObject({ port: 7702, host: '::1', allowTargets: ['10.0.0.0/8', '::1'] });
  });

  it.each([
    ['PAIDONCE_PORT', '70000', 'not a port'],
    ['PAIDONCE_PORT', '7700x', 'not a port'],
    ['PAIDONCE_HOST', 'a b', 'not an IP address'],
    ['PAIDONCE_PUBLIC_URL', 'ftp://x', 'not an http or https URL'],
    ['PAIDONCE_PUBLIC_URL', 'https://u:p@x', 'user name'],
    ['PAIDONCE_PUBLIC_URL', 'https://x/?a', 'query'],
    ['PAIDONCE_TRUST_PROXY', '10.0.0.0/40', 'not an IP address or CIDR'],
    ['PAIDONCE_TRUST_PROXY', 'proxy.local', 'not an IP address or CIDR'],
    ['PAIDONCE_ALLOW_TARGETS', 'everything', ''],
    ['PAIDONCE_DATABASE_URL', 'mysql://x/y', 'not a postgres:// URL'],
    ['PAIDONCE_DATABASE_URL', 'postgres://x', 'names no database'],
    ['PAIDONCE_DATABASE_DIRECT_URL', 'postgres://x/y', 'together with database_url'],
    ['PAIDONCE_ADMIN_KEY', 'short', '8 to 512'],
    ['PAIDONCE_ADMIN_KEY', 'changeme-please-now', 'placeholder'],
    ['PAIDONCE_ADMIN_KEY', 'aaaaaaaaaaaaaaaaaaaa', 'placeholder'],
    ['PAIDONCE_MASTER_KEY', 'c2hvcnQ=', '5 bytes'],
    ['PAIDONCE_MASTER_KEY', '00'.repeat(32), 'hexadecimal'],
    ['PAIDONCE_LOG_LEVEL', 'loud', 'not one of'],
    ['PAIDONCE_TLS_CERT', 'c.pem', 'go together'],
  ])('refuses %s=%s and names the setting and the reason', (name, value, reason) => {
    const named = name === 'PAIDONCE_TLS_CERT' ? 'PAIDONCE_TLS_KEY' : name;
    const refused = expect.objectContaining({
      code: 'config.invalid',
      detail: expect.stringMatching(new RegExp(`${named}.*${reason}`)),
    });
    expect(() => from({ [name]: value })).toThrow(refused);
  });

  it.each(['PAIDONCE_ADMIN_KEY', 'PAIDONCE_MASTER_KEY'])('never shows the value of %s', (name) => {
    const value = 'abc';
    expect(() => from({ [name]: value })).toThrow(
      expect.objectContaining({ detail: expect.not.stringContaining(value) }),
    );
  });

  it.each([
    ['{"prot": 1}', '"prot" is not a setting'],
    ['{"port": {}}', 'not an object whose values'],
    ['[]', 'not an object whose values'],
    ['{"admin_key": "very-private"', 'not valid JSON'],
    ['{"port": 70000}', 'PAIDONCE_PORT'],
  ])('refuses a file %s', (content, reason) => {
    expect(() => fromFile(content)).toThrow(
      expect.objectContaining({ code: 'config.invalid', detail: expect.stringContaining(reason) }),
    );
    expect(() => fromFile(content)).toThrow(
      expect.objectContaining({ detail: expect.not.stringContaining('very-private') }),
    );
  });

  it('refuses a file that is not there', () => {
    expect(() => loadConfig({ environment: {}, file: join(folder, 'none.json') })).toThrow('ENOENT');
  });

  it('lists every setting once', () => {
    expect([...settingNames].toSorted()).toEqual(Object.keys(settings).toSorted());
    expect(settingNames.every(isSettingName)).toBe(true);
  });

  it('says where a server is reached from here', () => {
    expect(localUrl({ host: '0.0.0.0', port: 1, tls: null })).toBe('http://127.0.0.1:1');
    expect(localUrl({ host: '::1', port: 1, tls: { certificateFile: 'c', keyFile: 'k' } })).toBe('https://[::1]:1');
    expect(['127.0.0.1', 'localhost', '::1', '0.0.0.0', '10.0.0.1', '127.0.0.1.example'].map(isLoopback)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
