import { isLoopback, loadConfig, localUrl } from '../server/config.ts';
import { keptAdminKey } from '../server/keys.ts';
import type { ServerOptions } from './command.ts';

/**
 * Which server to call, and with which key. The key that `dev` keeps in the data folder is only sent to this machine.
 *
 * @throws AppError `config.invalid`
 */
export function connectionOf(options: ServerOptions): { url: string; key: string | null } {
  const config = loadConfig();
  const url = options.url ?? config.publicUrl ?? localUrl(config);
  const host = URL.parse(url)?.hostname.replace(/^\[|\]$/g, '') ?? '';
  const kept = () => (isLoopback(host) ? keptAdminKey(config.data) : null);
  return { url, key: options.key ?? config.adminKey ?? kept() };
}
