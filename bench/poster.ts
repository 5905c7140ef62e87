import { Pool } from 'undici';
import { answer, sharedMs } from './role.ts';

export type PosterCalls = {
  run(input: { port: number; posts: number; atOnce: number; body: Uint8Array }): Promise<number>;
};

/** POSTs with `undici.request` and nothing else: what sending could cost at best. Gives posts per second. */
answer({
  async run({ port, posts, atOnce, body }) {
    const pool = new Pool(`http://127.0.0.1:${port}`, { connections: atOnce });
    let left = posts;
    const one = async () => {
      while (left > 0) {
        left -= 1;
        const headers = { 'content-type': 'application/json', 'webhook-id': `msg_${left}` };
        const answered = await pool.request({ path: '/sink', method: 'POST', body, headers });
        await answered.body.dump();
      }
    };
    const beganMs = sharedMs();
    await Promise.all(Array.from({ length: atOnce }, one));
    const seconds = (sharedMs() - beganMs) / 1000;
    await pool.destroy();
    return posts / seconds;
  },
} satisfies PosterCalls);
