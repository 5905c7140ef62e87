import { createHmac } from 'node:crypto';
import { AppError } from '../domain/errors.ts';
import { isLocalhost } from '../outbound/address-guard.ts';
import type { Http } from '../outbound/http-client.ts';

/** Where the owner of a host puts the token. */
export const tokenPath = '/.well-known/paidonce-doctor.txt';

/** Proves that whoever runs the doctor also decides what a host serves. The same host and key give the same token. */
export function tokenFor(url: URL, key: Uint8Array): string {
  return `paidonce-doctor-${createHmac('sha256', key).update(url.host).digest('hex').slice(0, 40)}`;
}

/** Only this machine: nobody else's to attack. */
export function isLoopbackUrl({ hostname }: URL): boolean {
  return isLocalhost(hostname) || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** Reads the token from the host itself. @throws AppError `doctor.not_owner` where it is not there. */
export async function requireOwnership(
  url: URL,
  token: string,
  { http, signal }: { http: Http; signal: AbortSignal },
): Promise<void> {
  const place = `https://${url.protocol === 'https:' ? url.host : url.hostname}${tokenPath}`;
  const request = { url: place, method: 'GET', headers: [], body: new Uint8Array(0), timeoutMs: 10_000, signal };
  const answer = await http.post(request);
  const lines = answer.is === 'answered' && answer.status === 200 ? Buffer.from(answer.body).toString('utf8') : '';
  if (lines.split(/\s+/).includes(token)) return;
  const found = answer.is === 'answered' ? `HTTP ${answer.status}, and not the token` : answer.why;
  throw new AppError('doctor.not_owner', `${place} must contain ${token}; there was ${found}`);
}
