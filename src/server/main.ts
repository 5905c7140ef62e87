import { AppError } from '../domain/errors.ts';
import { randomBytesOf } from '../domain/ids.ts';
import { type Config, type ConfigSources, loadConfig } from './config.ts';
import { installationOf } from './installation.ts';
import { devKeys, requiredMasterKeys } from './keys.ts';
import { exitWhenBroken, standardOutput } from './process.ts';
import { startProcesses } from './serve-processes.ts';
import { type RunningServer, type ServerOptions, startServer } from './server.ts';

export interface RunOptions extends Pick<ServerOptions, 'role' | 'sandbox' | 'mount' | 'wrapSender' | 'log'> {
  /** Default: the process's environment and the file it names. */
  sources?: ConfigSources;
  /** What the command line says of settings, before everything else. */
  override?: Partial<Config>;
}

/** What crosses to other processes, which functions do not. */
export type ServeOptions = Pick<RunOptions, 'role' | 'sandbox' | 'log' | 'sources' | 'override'>;

/** `dev`: everything on one machine, with keys of its own in the data folder, and deliveries allowed to loopback. */
export async function startDev(options: RunOptions = {}): Promise<RunningServer> {
  const config = loadConfig({ ...options.sources, commandLine: options.override ?? {} });
  const keys = devKeys(config, randomBytesOf);
  return start({
    sandbox: true,
    ...options,
    ...keys,
    config: {
      ...config,
      allowTargets: config.allowTargets ?? ['127.0.0.0/8', '::1/128'],
      logLevel: config.logLevel ?? 'warn',
    },
  });
}

/**
 * `serve`: production. Refuses to start without a master key; makes an admin key at first start where none is configured.
 *
 * @throws AppError `config.invalid` also where several processes are to take requests and the role is to take none.
 */
export async function startServe(options: ServeOptions = {}): Promise<RunningServer> {
  const config = loadConfig({ ...options.sources, commandLine: options.override ?? {} });
  const keys = { adminKey: config.adminKey, masterKeys: requiredMasterKeys(config) };
  const { role = 'all', sandbox = false } = options;
  if (config.processes === 1) return start({ ...options, ...keys, config });
  if (role === 'worker') {
    throw new AppError(
      'config.invalid',
      'PAIDONCE_PROCESSES (--processes) counts the processes that take requests, and the role worker takes none; leave one of the two out',
    );
  }
  const log = options.log ?? standardOutput({ minLength: 1024 });
  return warned(await startProcesses({ ...keys, config, role, sandbox, log }), config);
}

/**
 * Owns the process until the server has stopped: SIGTERM and SIGINT drain it, a second one ends it at once, and what nobody
 * caught is logged and ends it.
 *
 * @returns the exit code.
 */
export async function untilStopped(running: Pick<RunningServer, 'service' | 'stop'>): Promise<number> {
  const { observe } = running.service;
  exitWhenBroken(observe);
  const signal = await new Promise<string>((resolve) => {
    process.once('SIGTERM', () => resolve('SIGTERM'));
    process.once('SIGINT', () => resolve('SIGINT'));
  });
  observe('process.signal', 'info', { signal });
  const now = () => process.exit(130);
  process.once('SIGINT', now);
  process.once('SIGTERM', now);
  await running.stop();
  return 0;
}

async function start(options: ServerOptions & { config: Config }): Promise<RunningServer> {
  const installation = installationOf(options.config);
  return warned(await startServer({ ...options, installation, log: options.log ?? standardOutput() }), options.config);
}

function warned(running: RunningServer, { unknownNames }: Config): RunningServer {
  for (const name of unknownNames) {
    running.service.observe('config.unknown', 'warn', {
      name,
      why: 'it begins like a setting, but there is none of this name',
    });
  }
  return running;
}
