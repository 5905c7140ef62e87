import { isIP } from 'node:net';
import { parseRobot } from '../alerts/robots.ts';
import { type AlertRule, type AlertThresholds, defaultThresholds, isAlertRule } from '../domain/alert.ts';
import { AppError } from '../domain/errors.ts';
import { limits } from '../domain/limits.ts';
import { parseSealKey } from '../domain/seal.ts';
import { parseAllowedTargets } from '../outbound/address-guard.ts';
import { parseMasterKey } from '../secrets/vault.ts';
import { parseRoleRule } from './roles.ts';

/** One setting: what the environment, a file, `--help` and docs/reference/config.md say of it. */
export interface Setting<T> {
  meaning: string;
  /** Null where it has none. */
  unit: string | null;
  range: string;
  /** The default in words. */
  absent: string;
  secret: boolean;
  /** Reads the setting's text. Throws `config.invalid`, with the reason alone. */
  parse(text: string): T;
}

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** More than any machine this is for has cores. */
export const processesMax = 64;

/** Every setting, by its name in a file; in the environment it is in upper case behind `PAIDONCE_`. */
export const settings = {
  host: setting({
    meaning: 'Address to listen on. Beyond loopback, put TLS in front or set a certificate here.',
    range: 'an IP address or a host name',
    absent: '127.0.0.1',
    parse: matching(/^[A-Za-z0-9.:_-]{1,255}$/, 'it is not an IP address or a host name'),
  }),
  port: setting({
    meaning: 'TCP port to listen on; 0 takes a free one.',
    range: '0–65535',
    absent: '7700',
    parse: portFrom,
  }),
  public_url: setting({
    meaning: 'Base of callback and cashier URLs, as providers and buyers reach it. Some providers sign it.',
    range: 'an http or https URL without query',
    absent: 'http(s)://host:port',
    parse: publicUrlFrom,
  }),
  trust_proxy: setting({
    meaning: 'Reverse proxies whose X-Forwarded-For names the client in the log.',
    range: 'IP addresses and CIDRs, separated by commas',
    absent: 'none',
    parse: listOf(proxyFrom),
  }),
  data: setting({
    meaning: 'Folder of the embedded store and of the keys that are made at start.',
    range: 'a path',
    absent: './data',
    parse: matching(/^[^\0]{1,4096}$/, 'it is not a path'),
  }),
  database_url: setting({
    meaning: 'PostgreSQL 14 or newer to keep everything in, for any number of nodes.',
    range: 'a postgres:// URL',
    absent: 'the embedded store in the data folder',
    secret: true,
    parse: databaseUrlFrom,
  }),
  database_direct_url: setting({
    meaning: 'The same database without a pooler in between: for `listen`, and for migrations.',
    range: 'a postgres:// URL; together with database_url',
    absent: 'as database_url',
    secret: true,
    parse: databaseUrlFrom,
  }),
  retention_days: setting({
    meaning:
      'How long bytes of callbacks, payloads and attempts are kept; what makes effects happen once is kept longer.',
    unit: 'days',
    range: '1–3650',
    absent: String(limits.retentionDays),
    parse: daysFrom,
  }),
  admin_key: setting({
    meaning: 'API key that may do everything.',
    range: '8–512 visible ASCII characters, no placeholder',
    absent: '`dev` keeps one in the data folder; `serve` makes one at first start and prints it once',
    secret: true,
    parse: adminKeyFrom,
  }),
  master_key: setting({
    meaning: 'Encrypts secrets at rest. To rotate, put the new key before the old one.',
    unit: '32 bytes in base64',
    range: 'one key or several, separated by commas; the first encrypts',
    absent: '`dev` keeps one in the data folder; `serve` refuses to start',
    secret: true,
    parse: listOf(parseMasterKey),
  }),
  seal_key: setting({
    meaning: 'Signs proofs of delivery. Whoever can change the database must not have it.',
    unit: '32 bytes in base64',
    range: 'one key',
    absent: 'kept in the data folder beside the embedded store; on PostgreSQL it follows from the master key',
    secret: true,
    parse: sealKeyFrom,
  }),
  allow_targets: setting({
    meaning: 'Addresses that deliveries may reach although they are private.',
    range: 'IP addresses and CIDRs, separated by commas',
    absent: 'none; `dev`: loopback',
    parse: listOf(allowedTargetFrom),
  }),
  alert_robots: setting({
    meaning: 'Where alerts are told: Slack, DingTalk, Feishu, WeCom, or JSON to a URL of yours.',
    range: 'each `<slack|dingtalk|feishu|wecom|json> <URL> [secret]`, separated by commas',
    absent: 'nowhere; GET /v1/alerts shows them all the same',
    secret: true,
    parse: listOf(parseRobot),
  }),
  alert_rules: setting({
    meaning: 'Thresholds of alerts that differ from the defaults; 0 turns a rule off.',
    range: 'each `<rule>=<number>`, separated by commas',
    absent: 'as in the guide on alerts',
    parse: alertRulesFrom,
  }),
  oidc_issuer: setting({
    meaning: 'Identity provider (OpenID Connect) by which people sign in to the console, beside keys.',
    range: 'its issuer, an https URL; plain http on loopback; together with the other three',
    absent: 'people sign in with keys alone',
    parse: issuerFrom,
  }),
  oidc_client_id: setting({
    meaning: 'What the identity provider calls this server.',
    range: '1–512 visible ASCII characters; together with the other three',
    absent: 'people sign in with keys alone',
    parse: visibleFrom,
  }),
  oidc_client_secret: setting({
    meaning: 'What the identity provider knows this server by.',
    range: '1–512 visible ASCII characters; together with the other three',
    absent: 'people sign in with keys alone',
    secret: true,
    parse: visibleFrom,
  }),
  oidc_roles: setting({
    meaning:
      'Which claim of the identity provider gives which role; the highest counts, and without one nobody gets in.',
    range: 'each `<claim>:<value>=<viewer|operator|admin>`, separated by commas; together with the other three',
    absent: 'people sign in with keys alone',
    parse: listOf(parseRoleRule),
  }),
  tls_cert: setting({
    meaning: 'File with the certificate chain. With it the server speaks HTTPS; read again when it changes.',
    range: 'a path to a PEM file; together with tls_key',
    absent: 'HTTP',
    parse: matching(/^[^\0]{1,4096}$/, 'it is not a path'),
  }),
  tls_key: setting({
    meaning: 'File with the private key of the certificate; read again when it changes.',
    range: 'a path to a PEM file; together with tls_cert',
    absent: 'HTTP',
    parse: matching(/^[^\0]{1,4096}$/, 'it is not a path'),
  }),
  processes: setting({
    meaning:
      'Processes that take requests, for `serve`. With more than 1 they run beside the one that has the store, delivers and keeps them.',
    range: `1–${processesMax}`,
    absent: '1: one process does everything',
    parse: processesFrom,
  }),
  log_level: setting({
    meaning: 'The least level of log lines that are written, as JSON, one a line.',
    range: logLevels.join(', '),
    absent: 'info; `dev`: warn',
    parse: logLevelFrom,
  }),
} as const;
export type SettingName = keyof typeof settings;

export const settingNames: readonly SettingName[] = [
  'host',
  'port',
  'public_url',
  'trust_proxy',
  'data',
  'database_url',
  'database_direct_url',
  'retention_days',
  'admin_key',
  'master_key',
  'seal_key',
  'allow_targets',
  'alert_robots',
  'alert_rules',
  'oidc_issuer',
  'oidc_client_id',
  'oidc_client_secret',
  'oidc_roles',
  'tls_cert',
  'tls_key',
  'processes',
  'log_level',
];

export function isSettingName(text: string): text is SettingName {
  return Object.hasOwn(settings, text);
}

export function environmentName(name: string): string {
  return `PAIDONCE_${name.toUpperCase()}`;
}

/** A reason without the setting's name, which whoever reads it knows. */
export function invalidSetting(reason: string): AppError {
  return new AppError('config.invalid', reason);
}

function setting<T>(
  given: Omit<Setting<T>, 'unit' | 'secret'> & Partial<Pick<Setting<T>, 'unit' | 'secret'>>,
): Setting<T> {
  return { unit: null, secret: false, ...given };
}

function matching(form: RegExp, otherwise: string): (text: string) => string {
  return (text) => {
    if (!form.test(text)) throw invalidSetting(otherwise);
    return text;
  };
}

function listOf<T>(parse: (text: string) => T): (text: string) => readonly T[] {
  return (text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map(parse);
}

function portFrom(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw invalidSetting('it is not a port from 0 to 65535');
  return port;
}

function processesFrom(text: string): number {
  const processes = Number(text);
  if (!/^\d{1,2}$/.test(text) || processes < 1 || processes > processesMax)
    throw invalidSetting(`it is not a whole number from 1 to ${processesMax}`);
  return processes;
}

function daysFrom(text: string): number {
  const days = Number(text);
  if (!/^\d{1,4}$/.test(text) || days < 1 || days > 3650)
    throw invalidSetting('it is not a number of days from 1 to 3650');
  return days;
}

function publicUrlFrom(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) throw invalidSetting('it is not an http or https URL');
  if (url.username !== '' || url.password !== '') throw invalidSetting('it holds a user name or password');
  if (url.href.includes('?') || url.href.includes('#')) throw invalidSetting('it holds a query or a fragment');
  return url.href.replace(/\/+$/, '');
}

function visibleFrom(text: string): string {
  if (!/^[\x21-\x7e]{1,512}$/.test(text)) throw invalidSetting('it is not 1 to 512 visible ASCII characters');
  return text;
}

/** Kept as it is written: tokens name it letter by letter. */
function issuerFrom(text: string): string {
  const url = URL.parse(text);
  const isPlain = url?.protocol === 'http:' && /^(localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname);
  if (url === null || (url.protocol !== 'https:' && !isPlain))
    throw invalidSetting('it is not an https URL, nor http on loopback');
  if (url.username !== '' || url.password !== '') throw invalidSetting('it holds a user name or password');
  if (url.href.includes('?') || url.href.includes('#')) throw invalidSetting('it holds a query or a fragment');
  return text;
}

function proxyFrom(text: string): { address: string; prefix: number } {
  const [address = '', bits] = text.split('/');
  const version = isIP(address);
  const most = version === 6 ? 128 : 32;
  const prefix = bits === undefined ? most : Number(bits);
  if (version === 0 || (bits !== undefined && (!/^\d{1,3}$/.test(bits) || prefix > most))) {
    throw invalidSetting(`${JSON.stringify(text.slice(0, 60))} is not an IP address or CIDR`);
  }
  return { address, prefix };
}

function allowedTargetFrom(text: string): string {
  parseAllowedTargets([text]);
  return text;
}

function databaseUrlFrom(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) throw invalidSetting('it is not a postgres:// URL');
  if (url.pathname.length < 2) throw invalidSetting('it names no database');
  return text;
}

function adminKeyFrom(text: string): string {
  if (!/^[\x21-\x7e]{8,512}$/.test(text)) throw invalidSetting('it is not 8 to 512 visible ASCII characters');
  if (/^(<|your|changeme|xxx)/i.test(text) || new Set(text).size < 4) throw invalidSetting('it is a placeholder');
  return text;
}

function alertRulesFrom(text: string): AlertThresholds {
  const thresholds: Record<AlertRule, number> = { ...defaultThresholds };
  for (const [rule = '', value = '', ...rest] of text.split(',').map((part) => part.trim().split('='))) {
    if (!isAlertRule(rule)) throw invalidSetting(`a rule is one of ${Object.keys(defaultThresholds).join(', ')}`);
    if (!/^\d{1,15}(\.\d{1,6})?$/.test(value) || rest.length > 0)
      throw invalidSetting(`${rule} is not written as ${rule}=<number>`);
    thresholds[rule] = Number(value);
  }
  return thresholds;
}

function sealKeyFrom(text: string): string {
  parseSealKey(text);
  return text;
}

function logLevelFrom(text: string): LogLevel {
  const level = logLevels.find((one) => one === text);
  if (level === undefined) throw invalidSetting(`it is not one of ${logLevels.join(', ')}`);
  return level;
}
