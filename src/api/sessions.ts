import { z } from '@hono/zod-openapi';
import { toIso } from '../domain/clock.ts';
import { roles, scopes } from '../domain/merchant.ts';
import type { Service } from '../service.ts';
import { type Caller, cookieWith } from './auth.ts';
import { answered } from './fields.ts';
import { noBody, type Routes } from './route.ts';

const session = z
  .object({
    name: z
      .string()
      .openapi({ description: "`admin`, the API key's name, or the person with the claim that names them." }),
    role: z.enum(roles).openapi({ description: 'May look, may act, may do everything.' }),
    scopes: z.array(z.enum(scopes)),
    merchants: z.array(z.string()).nullable().openapi({ description: 'Null: all merchants.' }),
    expires_at: answered.time.nullable().openapi({ description: 'Null: a key was sent, not a session.' }),
    sandbox: z.boolean().openapi({ description: 'Whether this server plays the providers, under `/sandbox`.' }),
  })
  .openapi('Session');
export type Session = z.output<typeof session>;

/** Sign-in for people: a key is exchanged for a cookie that no script can read, and that stands for the key until it ends. */
export function addSessions(routes: Routes, hasSandbox: boolean): void {
  const sessionView = (caller: Caller) => viewOf(caller, hasSandbox);
  const route = { path: '/v1/session', tag: 'Sessions', need: ['read'], refusals: [] } as const;
  routes.add({
    ...route,
    method: 'post',
    summary: 'Sign in',
    description:
      'Send the key as in every call: the answer sets a cookie that the console sends in its place. With the cookie, calls that change something need the header `x-paidonce-console` as well, which pages of other sites cannot send.',
    statuses: [201],
    answer: session,
    refusals: ['request.rate_limited'],
    async run({ service, caller, headers }) {
      if (caller.session !== null) return { status: 201, body: sessionView(caller) };
      const { token, expiresAt } = await service.sessions.open(caller.holder);
      return {
        status: 201,
        body: sessionView({ ...caller, session: { token, expiresAt } }),
        headers: { 'set-cookie': cookieWith(token, { secure: isSecure(service, headers), expiresAt }) },
      };
    },
  });
  routes.add({
    ...route,
    method: 'get',
    summary: 'Read who is signed in',
    statuses: [200],
    answer: session,
    async run({ caller }) {
      return { status: 200, body: sessionView(caller) };
    },
  });
  routes.add({
    ...route,
    method: 'delete',
    summary: 'Sign out',
    statuses: [204],
    answer: noBody,
    async run({ service, caller, headers }) {
      if (caller.session !== null) await service.sessions.close(caller.session.token);
      const gone = cookieWith('', { secure: isSecure(service, headers), expiresAt: 0 });
      return { status: 204, body: undefined, headers: { 'set-cookie': gone } };
    },
  });
}

function viewOf({ holder, name, isAdmin, scopes, visible, session }: Caller, hasSandbox: boolean): Session {
  return {
    name: holder === 'admin' ? name : holder.name,
    role: isAdmin ? 'admin' : scopes.includes('operate') ? 'operator' : 'viewer',
    scopes: [...scopes],
    merchants: visible && [...visible],
    expires_at: session && toIso(session.expiresAt),
    sandbox: hasSandbox,
  };
}

/** Not where the machine itself is asked, through a tunnel for example: browsers keep no secure cookie for an address without TLS. */
export function isSecure({ publicUrl }: Service, headers: Headers): boolean {
  const isOwnMachine = /^(localhost|127\.[\d.]+|\[::1\])(:\d+)?$/.test(headers.get('host') ?? '');
  return publicUrl.startsWith('https:') && !isOwnMachine;
}
