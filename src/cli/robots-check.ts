import { loadConfig } from '../server/config.ts';
import type { Finding } from '../server/database-check.ts';
import type { Tools } from './command.ts';

/** Sends a test message to each robot of the configuration. @throws AppError `config.invalid` */
export async function checkRobots({ terminal }: Tools): Promise<readonly Finding[]> {
  const { alerts, allowTargets } = loadConfig();
  if (alerts.robots.length === 0)
    return [{ is: 'wrong', what: 'robots', found: 'none is configured; set PAIDONCE_ALERT_ROBOTS' }];
  const { tellRobots } = await import('../server/robots-check.ts');
  return tellRobots(alerts.robots, { allow: allowTargets ?? [], signal: terminal.interrupted });
}
