import { createServer } from 'node:http';
import { answer, sharedMs } from './role.ts';

export interface Seen {
  /** Every id that was posted, with how often, and when first. */
  ids: string[];
  counts: number[];
  firstAt: Float64Array;
  posts: number;
}

export type SinkCalls = {
  listen(input: null): Promise<number>;
  /** What came since the last call, and forgets it. */
  seen(input: null): Seen;
  posts(input: null): number;
};

const seen = new Map<string, { count: number; at: number }>();
let posts = 0;

const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
  // An endpoint that hangs: it takes everything and never answers.
  if (request.url === '/hang') return void request.resume();
  const id = request.headers['webhook-id'];
  request.resume().once('end', () => {
    posts += 1;
    if (typeof id === 'string') {
      const known = seen.get(id);
      if (known === undefined) seen.set(id, { count: 1, at: sharedMs() });
      else known.count += 1;
    }
    response.end('ok');
  });
});

answer({
  listen: () =>
    new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(address !== null && typeof address === 'object' ? address.port : 0);
      });
    }),
  seen: () => {
    const result: Seen = {
      ids: [...seen.keys()],
      counts: [...seen.values()].map(({ count }) => count),
      firstAt: Float64Array.from(seen.values(), ({ at }) => at),
      posts,
    };
    seen.clear();
    posts = 0;
    return result;
  },
  posts: () => posts,
} satisfies SinkCalls);
