import { open, readFile } from 'node:fs/promises';
import { usage } from './command.ts';
import type { Terminal } from './terminal.ts';

/** The bytes of a file, or of what is piped in where the name is `-`. */
export async function readInput(name: string, terminal: Terminal): Promise<Uint8Array> {
  if (name === '-') return terminal.stdin();
  try {
    return await readFile(name);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw usage(
      `the file ${name} cannot be read: ${reason}`,
      'Check the name of the file, or pass - to read what is piped in.',
    );
  }
}

/** A JSON value from a file, or from what is piped in. */
export async function readJsonInput(name: string, terminal: Terminal): Promise<unknown> {
  const text = Buffer.from(await readInput(name, terminal)).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message would quote what may be a secret.
    throw usage(
      `${name === '-' ? 'what is piped in' : `the file ${name}`} is not JSON`,
      'Correct it; `node -e` or an editor shows the place.',
    );
  }
}

/** Writes a new file that only its owner can read. One that is there already stays as it is: it may hold the only copy of a secret. */
export async function writeSecretFile(name: string, text: string): Promise<void> {
  try {
    await using file = await open(name, 'wx', 0o600);
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw usage(`the file ${name} cannot be made: ${reason}`, 'Name a file that does not exist yet.');
  }
}
