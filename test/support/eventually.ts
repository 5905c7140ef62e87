import { setTimeout as pause } from 'node:timers/promises';

/** Asks until the answer is yes. @throws after `msMax`, with what was asked. */
export async function eventually(condition: () => Promise<boolean>, msMax = 20_000): Promise<void> {
  const until = performance.now() + msMax;
  while (!(await condition())) {
    if (performance.now() > until) throw new Error(`not within ${msMax} ms: ${condition}`);
    await pause(20);
  }
}
