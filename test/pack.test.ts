import { type ExecFileException, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const repository = fileURLToPath(new URL('..', import.meta.url));
const isWindows = process.platform === 'win32';

/** Runs a program to its end; if it fails, the error says what it printed. */
async function run(program: string, parameters: readonly string[], options: { cwd: string; env?: NodeJS.ProcessEnv }) {
  try {
    return await promisify(execFile)(program, parameters, { ...options, shell: isWindows });
  } catch (error) {
    const { message, stdout, stderr } = error as ExecFileException;
    throw new Error([message, stdout, stderr].join('\n'), { cause: error });
  }
}

/** A user's machine: our Node first on the path, and nothing of the repository in the environment. */
const environment = {
  ...process.env,
  PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
  NODE_OPTIONS: '',
};

const npm = (folder: string, ...parameters: readonly string[]) =>
  run('npm', [...parameters, '--no-audit', '--no-fund'], { cwd: folder, env: environment });

/** Builds a copy, so that the checkout's own dist, which others may be using, stays as it is. Returns the tarball. */
async function packCopy(folder: string): Promise<string> {
  const names = [
    'bin',
    'src',
    'LICENSE',
    'README.md',
    'README.zh-CN.md',
    'package.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'tsconfig.examples.json',
    'examples',
    'scripts',
    'console',
  ];
  const present = await readdir(repository);
  const copied = names.filter((name) => present.includes(name));
  await mkdir(folder);
  await Promise.all(copied.map((name) => cp(join(repository, name), join(folder, name), { recursive: true })));
  await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'), 'junction');
  await run(process.execPath, ['scripts/prepare.js'], { cwd: folder, env: { ...environment, npm_command: 'pack' } });
  const { stdout } = await npm(folder, 'pack', '--ignore-scripts', '--silent');
  return join(folder, stdout.trim());
}

describe('the packed package, installed into an empty folder', () => {
  let home: string;
  let user: string;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'paidonce-pack-'));
    user = join(home, 'user');
    await mkdir(user);
    await writeFile(join(user, 'package.json'), '{ "private": true, "type": "module" }\n');
    await npm(user, 'install', '--prefer-offline', await packCopy(join(home, 'copy')));
  }, 180_000);

  afterAll(() => rm(home, { recursive: true, force: true }));

  const paidonce = () => join(user, 'node_modules', '.bin', isWindows ? 'paidonce.cmd' : 'paidonce');

  it('contains what runs, its types and its licence, and no source', async () => {
    const files = await readdir(join(user, 'node_modules', 'paidonce'));
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'bin', 'dist', 'package.json']));
    expect(files).not.toContain('src');
  });

  it('has a file behind every name that it exports', async () => {
    const manifest = JSON.parse(await readFile(join(user, 'node_modules', 'paidonce', 'package.json'), 'utf8'));
    const names = Object.keys(manifest.exports).filter((name) => name !== './package.json');
    const script = `for (const name of ${JSON.stringify(names)}) await import(name.replace('.', 'paidonce'));`;
    await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: user, env: environment });
  });

  it('shows its help', async () => {
    const { stdout } = await run(paidonce(), ['--help'], { cwd: user, env: environment });
    expect(stdout).toContain('paidonce');
    expect(stdout).toContain('dev');
  });

  it('runs `paidonce dev` until it is told to end', async () => {
    const settings = { PAIDONCE_PORT: '0', PAIDONCE_DATA: join(home, 'data') };
    const server = spawn(paidonce(), ['dev'], { cwd: user, env: { ...environment, ...settings }, shell: isWindows });
    const printed: string[] = [];
    server.stderr.setEncoding('utf8').on('data', (text) => printed.push(text));
    const exited = once(server, 'exit');
    try {
      const address = await new Promise<string>((resolve, reject) => {
        createInterface(server.stdout).on('line', (line) => {
          printed.push(line);
          const found = /http:\/\/127\.0\.0\.1:[1-9]\d*/.exec(line);
          if (found) resolve(found[0]);
        });
        exited.then(() => reject(new Error(`paidonce dev ended early:\n${printed.join('\n')}`)), reject);
      });
      expect((await fetch(`${address}/healthz`)).status).toBe(200);
    } finally {
      server.kill('SIGTERM');
    }
    expect(await exited).toEqual([0, null]);
  }, 60_000);
});
