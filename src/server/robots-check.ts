import { type Robot, robotName, tell } from '../alerts/robots.ts';
import { systemClock } from '../domain/clock.ts';
import { createHttp } from '../outbound/http-client.ts';
import type { Finding } from './database-check.ts';

/** Sends a test message to each robot, and says which have taken it. */
export async function tellRobots(
  robots: readonly Robot[],
  { allow, signal }: { allow: readonly string[]; signal: AbortSignal },
): Promise<readonly Finding[]> {
  const http = createHttp({ allow });
  const message = { text: 'Paidonce: a test message; alerts will come here.', event: 'test', alert: null } as const;
  try {
    return await Promise.all(
      robots.map(async (robot): Promise<Finding> => {
        const why = await tell(robot, message, { http, clock: systemClock, signal });
        const found = why === null ? 'has taken the test message' : `has not taken the test message: ${why}`;
        return { is: why === null ? 'fine' : 'wrong', what: robotName(robot), found };
      }),
    );
  } finally {
    await http.close();
  }
}
