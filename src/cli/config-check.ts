import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { signInReturnPath } from '../domain/session-cookie.ts';
import { type Config, isLoopback, loadConfig, localUrl } from '../server/config.ts';
import { checkDatabase, type Finding } from '../server/database-check.ts';
import { keptAdminKey } from '../server/keys.ts';
import { placeOf } from '../server/store.ts';
import type { ServerOptions, Tools } from './command.ts';
import { Failure } from './failure.ts';

/** Looks at everything that can be known of the configuration without starting. @throws AppError `config.invalid` */
export async function checkConfig(tools: Tools, server: ServerOptions): Promise<readonly Finding[]> {
  const config = loadConfig();
  return [
    { is: 'fine', what: 'configuration', found: `valid; ${localUrl(config)}, data in ${placeOf(config)}` },
    ...config.unknownNames.map((name): Finding => ({ is: 'note', what: name, found: 'is no setting; a slip?' })),
    masterKeyFinding(config),
    adminKeyFinding(config),
    addressFinding(config),
    ...signInFinding(config),
    ...(config.databaseUrl === null ? [await folderFinding(config.data)] : await checkDatabase(config.databaseUrl)),
    ...(config.tls === null
      ? []
      : await Promise.all([
          fileFinding('certificate', config.tls.certificateFile),
          fileFinding('certificate key', config.tls.keyFile),
        ])),
    ...(config.allowTargets === null
      ? []
      : [
          {
            is: 'note' as const,
            what: 'allowed targets',
            found: `deliveries may reach ${config.allowTargets.join(', ')}`,
          },
        ]),
    await serverFinding(tools, server),
  ];
}

function masterKeyFinding({ masterKeys }: Config): Finding {
  const what = 'master key';
  if (masterKeys === null)
    return { is: 'note', what, found: 'not set: `dev` keeps one in the data folder, `serve` refuses to start' };
  return { is: 'fine', what, found: masterKeys.length === 1 ? 'set' : `${masterKeys.length} set; the first encrypts` };
}

function adminKeyFinding({ adminKey, data }: Config): Finding {
  const what = 'admin key';
  if (adminKey !== null) return { is: 'fine', what, found: 'set' };
  if (keptAdminKey(data) !== null) return { is: 'fine', what, found: `kept in ${data} by dev` };
  return { is: 'note', what, found: 'not set: `serve` makes one at its first start and prints it once' };
}

function addressFinding({ host, tls, publicUrl }: Config): Finding {
  const what = 'address';
  if (isLoopback(host) || tls !== null)
    return { is: 'fine', what, found: tls === null ? 'only this machine can connect' : 'speaks HTTPS' };
  const behindTls = publicUrl?.startsWith('https:') === true;
  if (behindTls) return { is: 'note', what, found: `HTTP on ${host}; ${publicUrl} must end TLS in front of it` };
  return {
    is: 'wrong',
    what,
    found: `plain HTTP on ${host}: keys and callbacks can be read on the way; set PAIDONCE_TLS_CERT, or PAIDONCE_PUBLIC_URL with https`,
  };
}

function signInFinding({ oidc, publicUrl, ...config }: Config): readonly Finding[] {
  if (oidc === null) return [];
  const back = `${publicUrl ?? localUrl(config)}${signInReturnPath}`;
  return [{ is: 'fine', what: 'sign-in', found: `at ${oidc.issuer}, which must know the redirect URI ${back}` }];
}

async function folderFinding(data: string): Promise<Finding> {
  const what = 'data folder';
  const folder = resolve(data);
  if (await isAllowed(folder, constants.W_OK | constants.R_OK))
    return { is: 'fine', what, found: `${folder} can be written` };
  if (await isAllowed(folder, constants.F_OK)) return { is: 'wrong', what, found: `${folder} cannot be written` };
  const parent = await nearestFolder(folder);
  const canBeMade = await isAllowed(parent, constants.W_OK);
  return {
    is: canBeMade ? 'fine' : 'wrong',
    what,
    found: canBeMade ? `${folder} will be made` : `${folder} cannot be made: ${parent} cannot be written`,
  };
}

async function nearestFolder(folder: string): Promise<string> {
  const parent = dirname(folder);
  return parent === folder || (await isAllowed(parent, constants.F_OK)) ? parent : nearestFolder(parent);
}

async function fileFinding(what: string, file: string): Promise<Finding> {
  const isReadable = await isAllowed(file, constants.R_OK);
  return { is: isReadable ? 'fine' : 'wrong', what, found: isReadable ? file : `${file} cannot be read` };
}

async function isAllowed(path: string, mode: number): Promise<boolean> {
  try {
    await access(path, mode);
    return true;
  } catch {
    // Absent and forbidden alike: it cannot be used so.
    return false;
  }
}

const ready = z.looseObject({});

/** A server that is not running is no fault of the configuration. */
async function serverFinding(tools: Tools, server: ServerOptions): Promise<Finding> {
  const client = tools.client(server);
  try {
    await client.get('/readyz', ready);
    return { is: 'fine', what: 'server', found: `${client.url} is ready` };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const isAbsent = error.code === 'server.unreachable';
    return {
      is: isAbsent ? 'note' : 'wrong',
      what: 'server',
      found: isAbsent ? `none is running at ${client.url}` : error.reason,
    };
  }
}
