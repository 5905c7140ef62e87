import { type DestinationStream, destination } from 'pino';
import { randomBytesOf } from '../domain/ids.ts';
import { type Config, type ConfigSources, loadConfig } from './config.ts';
import { devKeys, requiredMasterKeys } from './keys.ts';
import { type RunningServer, type ServerOptions, startServer } from './server.ts';

export interface RunOptions extends Pick<ServerOptions, 'role' | 'sandbox' | 'mount' | 'wrapSender' | 'log'> {
  /** Default: the process's environment and the file it names. */
  sources?: ConfigSources;
  /** What the command line says of settings, before everything else. */
  override?: Partial<Config>;
}

/** `dev`: everything on one machine, with keys of its own in the data folder, and deliveries allowed to loopback. */
export async function startDev(options: RunOptions = {}): Promise<RunningServer> {
  const config = { ...loadConfig(options.sources), ...options.override };
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

/** `serve`: production. Refuses to start without a master key; makes an admin key at first start where none is configured. */
export async function startServe(options: RunOptions = {}): Promise<RunningServer> {
  const config = { ...loadConfig(options.sources), ...options.override };
  return start({ ...options, config, adminKey: config.adminKey, masterKeys: requiredMasterKeys(config) });
}

/**
 * Owns the process until the server has stopped: SIGTERM and SIGINT drain it, a second one ends it at once, and what nobody
 * caught is logged and ends it.
 *
 * @returns the exit code.
 */
export async function untilStopped(running: Pick<RunningServer, 'service' | 'stop'>): Promise<number> {
  const { observe } = running.service;
  const broken = (what: string) => (error: unknown) => {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    observe(`process.${what}`, 'error', { error: reason });
    // What state the process is in nobody knows; leases and the store's log bring the next one back to where this one was.
    process.exit(1);
  };
  process.on('uncaughtException', broken('uncaught_exception'));
  process.on('unhandledRejection', broken('unhandled_rejection'));
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
  const running = await startServer({ ...options, log: options.log ?? standardOutput() });
  for (const name of options.config.unknownNames) {
    running.service.observe('config.unknown', 'warn', {
      name,
      why: 'it begins like a setting, but there is none of this name',
    });
  }
  return running;
}

/** Lines are gathered for up to 4 KiB or a quarter of a second: at full load a write for each would cost more than its callback. */
function standardOutput(): DestinationStream {
  const output = destination({ fd: 1, minLength: 4096, sync: false, periodicFlush: 250 });
  process.on('exit', () => output.flushSync());
  return output;
}
