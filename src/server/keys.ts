import { createHash, timingSafeEqual } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../domain/errors.ts';
import type { Random } from '../domain/ids.ts';
import { parseSealKey, type SealKey } from '../domain/seal.ts';
import { parseMasterKey } from '../secrets/vault.ts';
import type { Service } from '../service.ts';
import type { Config } from './config.ts';

const adminKeyFile = 'admin.key';
const masterKeyFile = 'master.key';
const doctorKeyFile = 'doctor.key';
const sealKeyFile = 'seal.key';

/** What `dev` keeps in its data folder, each in a file that only its owner can read. */
export function devKeys(config: Config, random: Random): { adminKey: string; masterKeys: readonly Uint8Array[] } {
  const adminKey = config.adminKey ?? keptIn(config.data, adminKeyFile, () => newAdminKey(random));
  const masterKeys = config.masterKeys ?? [
    parseMasterKey(keptIn(config.data, masterKeyFile, () => Buffer.from(random(32)).toString('base64'))),
  ];
  return { adminKey, masterKeys };
}

/**
 * The key that seals are signed with: as configured, else kept in the data folder beside the embedded store. On PostgreSQL, whose
 * nodes share no folder, it follows from the master key unless it is configured.
 */
export function sealKeyOf(
  { data, databaseUrl, sealKey = null }: Pick<Config, 'data' | 'databaseUrl'> & Partial<Pick<Config, 'sealKey'>>,
  random: Random,
): { sealKey?: SealKey } {
  if (sealKey === null && databaseUrl !== null) return {};
  const text = sealKey ?? keptIn(data, sealKeyFile, () => Buffer.from(random(32)).toString('base64'));
  return { sealKey: parseSealKey(text) };
}

/** The admin key that `dev` keeps, for commands beside it; null where there is none. */
export function keptAdminKey(data: string): string | null {
  return readIfThere(join(data, adminKeyFile));
}

/** What the doctor's tokens are made with, kept in the data folder so that they stay the same. */
export function doctorKey(data: string, random: Random): Uint8Array {
  return Buffer.from(
    keptIn(data, doctorKeyFile, () => Buffer.from(random(32)).toString('base64')),
    'base64',
  );
}

/** @throws AppError `config.invalid`: production never invents the key that its secrets depend on. */
export function requiredMasterKeys(config: Config): readonly Uint8Array[] {
  if (config.masterKeys !== null && config.masterKeys.length > 0) return config.masterKeys;
  throw new AppError(
    'config.invalid',
    'PAIDONCE_MASTER_KEY is missing, without which stored secrets cannot be encrypted; make one with `openssl rand -base64 32` and keep it outside the data folder',
  );
}

/**
 * The admin key of a `serve` without a configured one: made at the first start and known only by its digest from then on.
 *
 * @returns the service that accepts it, and the key itself where it was made just now.
 */
export async function withOwnAdminKey(
  service: Service,
  random: Random,
): Promise<{ service: Service; made: string | null }> {
  const key = newAdminKey(random);
  const digest = digestOf(key);
  const kept = await service.store.write('keepSetting', { name: 'admin_key_digest', value: digest });
  const find: Service['apiKeys']['find'] = async (secret) =>
    timingSafeEqual(digestOf(secret), kept) ? 'admin' : service.apiKeys.find(secret);
  return {
    service: { ...service, apiKeys: { ...service.apiKeys, find }, sessions: service.sessions.withAdminKey(kept) },
    made: Buffer.compare(digest, kept) === 0 ? key : null,
  };
}

function newAdminKey(random: Random): string {
  return `admin_${Buffer.from(random(24)).toString('base64url')}`;
}

function digestOf(key: string): Uint8Array {
  return createHash('sha256').update(key).digest();
}

/** Made with `wx`, so that of two processes that start at once one makes it and both read it. */
function keptIn(folder: string, file: string, make: () => string): string {
  const path = join(folder, file);
  const kept = readIfThere(path);
  if (kept !== null) return kept;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(path, `${make()}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    // Another process was faster; what it wrote counts.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const written = readIfThere(path);
  if (written === null) throw new AppError('config.invalid', `the key file ${path} cannot be read`);
  return written;
}

function readIfThere(path: string): string | null {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text === '' ? null : text;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
