import { generateKeyPairSync, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { answer, sharedMs } from './role.ts';

export type SignerCalls = { run(input: { signatures: number }): Promise<number> };

const atOnce = 64;
const signInPool = promisify(sign);

/** RSA-SHA256 signatures with a kept key, made as senders make them. Gives signatures per second. */
answer({
  async run({ signatures }) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const text = Buffer.alloc(600, 'x');
    let left = signatures;
    const one = async () => {
      while (left > 0) {
        left -= 1;
        await signInPool('RSA-SHA256', text, privateKey);
      }
    };
    const beganMs = sharedMs();
    await Promise.all(Array.from({ length: atOnce }, one));
    return (signatures / (sharedMs() - beganMs)) * 1000;
  },
} satisfies SignerCalls);
