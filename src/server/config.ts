import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { AlertOptions } from '../alerts/alerts.ts';
import { defaultThresholds } from '../domain/alert.ts';
import { AppError } from '../domain/errors.ts';
import { limits } from '../domain/limits.ts';
import type { RoleRule } from './roles.ts';
import { environmentName, isSettingName, type LogLevel, type SettingName, settingNames, settings } from './settings.ts';

/** How the server is to run, from the environment and a file. What is null was not set. */
export interface Config {
  host: string;
  port: number;
  publicUrl: string | null;
  /** Addresses and prefixes of trusted reverse proxies. */
  trustProxy: readonly { address: string; prefix: number }[];
  /** Data folder. */
  data: string;
  /** PostgreSQL; null = the embedded store. */
  databaseUrl: string | null;
  databaseDirectUrl: string | null;
  retentionDays: number;
  adminKey: string | null;
  masterKeys: readonly Uint8Array[] | null;
  /** Signs seals; 32 bytes in base64. */
  sealKey: string | null;
  allowTargets: readonly string[] | null;
  alerts: AlertOptions;
  tls: { certificateFile: string; keyFile: string } | null;
  /** Null: people sign in with keys alone. */
  oidc: OidcConfig | null;
  /** Processes that take requests. */
  processes: number;
  logLevel: LogLevel | null;
  /** Where each setting comes from that is not left to its default. */
  origins: Readonly<Partial<Record<SettingName, Origin>>>;
  /** Names that begin like ours but are none: mostly a slip, worth a line in the log. */
  unknownNames: readonly string[];
}

/** By whom people sign in, and what they may then do. */
export interface OidcConfig {
  issuer: string;
  clientId: string;
  clientSecret: string;
  roles: readonly RoleRule[];
}

export type Origin = 'command_line' | 'environment' | 'file';

export interface ConfigSources {
  /** Default: the process's. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** JSON file with settings by name; default: the one that PAIDONCE_CONFIG names. The environment goes before it. */
  file?: string;
  /** What the command line says, before both. */
  commandLine?: Partial<Config>;
}

/** @throws AppError `config.invalid`, naming the setting, the reason and never the value of a secret. */
export function loadConfig({
  environment = process.env,
  file = environment.PAIDONCE_CONFIG,
  commandLine = {},
}: ConfigSources = {}): Config {
  const fromFile = file === undefined || file === '' ? {} : readFile(file);
  const read: Read = (name) => settingOf(name, environment[environmentName(name)] ?? '', fromFile[name] ?? '');
  const certificateFile = read('tls_cert');
  const keyFile = read('tls_key');
  if ((certificateFile === null) !== (keyFile === null)) {
    throw named(
      certificateFile === null ? 'tls_cert' : 'tls_key',
      'a certificate and its key go together; set both or neither',
    );
  }
  const databaseUrl = read('database_url');
  const databaseDirectUrl = read('database_direct_url');
  if (databaseUrl === null && databaseDirectUrl !== null)
    throw named('database_direct_url', 'it is used together with database_url alone');
  return {
    host: read('host') ?? '127.0.0.1',
    port: read('port') ?? 7700,
    publicUrl: read('public_url'),
    trustProxy: read('trust_proxy') ?? [],
    data: read('data') ?? './data',
    databaseUrl,
    databaseDirectUrl,
    retentionDays: read('retention_days') ?? limits.retentionDays,
    adminKey: read('admin_key'),
    masterKeys: read('master_key'),
    sealKey: read('seal_key'),
    allowTargets: read('allow_targets'),
    alerts: { robots: read('alert_robots') ?? [], thresholds: read('alert_rules') ?? defaultThresholds },
    tls: certificateFile === null || keyFile === null ? null : { certificateFile, keyFile },
    oidc: oidcOf(read),
    processes: read('processes') ?? 1,
    logLevel: read('log_level'),
    origins: originsOf(environment, fromFile, commandLine),
    unknownNames: unknownIn(environment),
    ...commandLine,
  };
}

/** Where a server with this configuration is reached from the same machine. */
export function localUrl({ host, port, tls }: Pick<Config, 'host' | 'port' | 'tls'>): string {
  const anywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };
  const shown = anywhere[host] ?? (host.includes(':') ? `[${host}]` : host);
  return `${tls === null ? 'http' : 'https'}://${shown}:${port}`;
}

/** Whether only this machine can connect. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

type Read = <Name extends SettingName>(name: Name) => ReturnType<(typeof settings)[Name]['parse']> | null;

const oidcNames = ['oidc_issuer', 'oidc_client_id', 'oidc_client_secret', 'oidc_roles'] as const;

function oidcOf(read: Read): OidcConfig | null {
  const [issuer, clientId] = [read('oidc_issuer'), read('oidc_client_id')];
  const [clientSecret, roles] = [read('oidc_client_secret'), read('oidc_roles')];
  if (issuer !== null && clientId !== null && clientSecret !== null && roles !== null)
    return { issuer, clientId, clientSecret, roles };
  const missing = oidcNames.filter((name) => read(name) === null);
  const [first] = missing;
  if (first === undefined || missing.length === oidcNames.length) return null;
  throw named(first, `it is missing; set all of ${oidcNames.map(environmentName).join(', ')}, or none`);
}

function originsOf(
  environment: Readonly<Record<string, string | undefined>>,
  fromFile: Partial<Record<SettingName, string>>,
  commandLine: object,
): Config['origins'] {
  const originOf = (name: SettingName): Origin | null => {
    // Its options have the names of settings of one word.
    if (Object.hasOwn(commandLine, name)) return 'command_line';
    if ((environment[environmentName(name)] ?? '').trim() !== '') return 'environment';
    return (fromFile[name] ?? '').trim() === '' ? null : 'file';
  };
  return Object.fromEntries(
    settingNames.flatMap((name) => {
      const origin = originOf(name);
      return origin === null ? [] : [[name, origin]];
    }),
  );
}

/** An empty text counts as not set, as it does in most shells and container files. */
function settingOf<Name extends SettingName>(
  name: Name,
  inEnvironment: string,
  inFile: string,
): ReturnType<(typeof settings)[Name]['parse']> | null;
function settingOf(name: SettingName, inEnvironment: string, inFile: string): unknown {
  const text = inEnvironment.trim() === '' ? inFile.trim() : inEnvironment.trim();
  if (text === '') return null;
  try {
    return settings[name].parse(text);
  } catch (error) {
    if (error instanceof AppError) throw named(name, error.detail);
    throw error;
  }
}

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const fileSchema = z.record(z.string(), z.union([scalar, z.array(scalar).transform((parts) => parts.join(','))]));

function readFile(file: string): Partial<Record<SettingName, string>> {
  const json = readJsonFile(file);
  const parsed = fileSchema.safeParse(json);
  if (!parsed.success) throw inFile(file, 'it is not an object whose values are texts, numbers or lists of them');
  const unknown = Object.keys(parsed.data).find((name) => !isSettingName(name));
  if (unknown !== undefined) {
    throw inFile(
      file,
      `${JSON.stringify(unknown.slice(0, 60))} is not a setting; there are ${settingNames.join(', ')}`,
    );
  }
  return parsed.data;
}

function readJsonFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    // The parser quotes the text, which may hold a secret, so only the kind of failure is passed on.
    const code = error instanceof Error && 'code' in error ? String(error.code) : null;
    throw inFile(file, code === null ? 'it is not valid JSON' : `it cannot be read (${code})`);
  }
}

function unknownIn(environment: Readonly<Record<string, string | undefined>>): readonly string[] {
  const known = new Set([...settingNames.map(environmentName), 'PAIDONCE_CONFIG']);
  return Object.keys(environment).filter((name) => name.startsWith('PAIDONCE_') && !known.has(name));
}

function named(name: SettingName, reason: string): AppError {
  const plain = reason.replace(/^the master key is not usable: /, '');
  return new AppError('config.invalid', `${environmentName(name)} (in a file: ${name}) is not valid: ${plain}`);
}

function inFile(file: string, reason: string): AppError {
  return new AppError('config.invalid', `the configuration file ${file} is not usable: ${reason}`);
}
