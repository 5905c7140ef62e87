import { createHash } from 'node:crypto';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  type CustomFetch,
  calculatePKCECodeChallenge,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
} from 'openid-client';
import { z } from 'zod';
import type { SignIn, SignInRefusal } from '../api/sign-in.ts';
import type { Clock } from '../domain/clock.ts';
import type { Random } from '../domain/ids.ts';
import { keptAnswers } from '../domain/kept-answers.ts';
import { limits } from '../domain/limits.ts';
import type { Person } from '../domain/merchant.ts';
import type { Observe } from '../domain/observe.ts';
import { signInReturnPath } from '../domain/session-cookie.ts';
import type { Http } from '../outbound/http-client.ts';
import type { Vault } from '../secrets/vault.ts';
import type { OidcConfig } from './config.ts';
import { type Claims, roleOf, roleRuleText } from './roles.ts';

export interface OidcDependencies {
  config: OidcConfig;
  /** Where the identity provider sends people back to, in front of the path. */
  publicUrl: string;
  http: Http;
  vault: Vault;
  clock: Clock;
  random: Random;
  observe: Observe;
}

export interface Oidc extends SignIn {
  /** SHA-256 of all that is configured: when any of it changes, sessions of people end. */
  digest: Uint8Array;
}

/** Sign-in by the authorization code of OpenID Connect, with PKCE, state and nonce. Asks the identity provider when first needed. */
export function createOidc({ config, publicUrl, http, vault, clock, random, observe }: OidcDependencies): Oidc {
  const redirectUri = `${publicUrl}${signInReturnPath}`;
  const kept = keptAnswers<Configuration>(() => configurationMs);
  const configuration = () => kept.of('', clock, () => discovered(config, http));
  const refuse = (refused: SignInRefusal, why: string) => {
    observe('sign_in.refused', refused === 'unreachable' ? 'warn' : 'info', { refused, why: why.slice(0, 300) });
    return { refused };
  };
  const secret = () => Buffer.from(random(32)).toString('base64url');
  return {
    digest: digestOf(config),
    async begin(to) {
      const remembered: Remembered = {
        to,
        state: secret(),
        nonce: secret(),
        verifier: secret(),
        until: clock.now() + limits.signInAwayMs,
      };
      try {
        const found = await configuration();
        const { state, nonce, verifier } = remembered;
        const location = buildAuthorizationUrl(found, {
          redirect_uri: redirectUri,
          scope: scopesFor(config, found.serverMetadata().scopes_supported ?? []),
          state,
          nonce,
          code_challenge: await calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
        });
        const sealed = vault.seal('sign-in', Buffer.from(JSON.stringify(remembered)));
        return { location: location.href, kept: Buffer.from(sealed).toString('base64url') };
      } catch (error) {
        // Whatever its metadata or our connection lacks, the person can only try again, and the log says why.
        return refuse('unreachable', whyOf(error));
      }
    },
    async finish(query, kept) {
      const remembered = kept === null ? null : opened(vault, kept);
      if (remembered === null || remembered.until <= clock.now())
        return refuse('expired', 'its cookie is missing, changed or too old');
      try {
        const tokens = await authorizationCodeGrant(await configuration(), new URL(redirectUri + query), {
          expectedState: remembered.state,
          expectedNonce: remembered.nonce,
          pkceCodeVerifier: remembered.verifier,
          idTokenExpected: true,
        });
        const claims = trusted(tokens.claims() ?? {});
        const name = nameIn(claims);
        const role = roleOf(claims, config.roles);
        if (name === null || role === null) return refuse('role', `no role is configured for ${name ?? 'somebody'}`);
        observe('sign_in.opened', 'info', { name, role });
        return { person: { name, role }, to: remembered.to };
      } catch (error) {
        // The library throws for everything that is not as it must be; none of it lets anybody in.
        return refuse('refused', whyOf(error));
      }
    },
  };
}

/** With the secret: whoever can write to the database alone can make no session of a person. */
function digestOf({ issuer, clientId, clientSecret, roles }: OidcConfig): Uint8Array {
  const given = JSON.stringify([issuer, clientId, clientSecret, roles.map(roleRuleText)]);
  return createHash('sha256').update(given).digest();
}

/** The identity provider's own description is asked for again after this long. */
const configurationMs = 3_600_000;

const remembered = z.object({
  to: z.string(),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  until: z.number(),
});
type Remembered = z.output<typeof remembered>;

/** Null: not sealed by us, or changed. */
function opened(vault: Vault, kept: string): Remembered | null {
  try {
    return remembered.parse(JSON.parse(Buffer.from(vault.open('sign-in', Buffer.from(kept, 'base64url'))).toString()));
  } catch {
    // Whoever changed it learns no more than that it does not count.
    return null;
  }
}

function discovered({ issuer, clientId, clientSecret }: OidcConfig, http: Http): Promise<Configuration> {
  const url = new URL(issuer);
  return discovery(url, clientId, {}, authenticationWith(clientSecret), {
    [customFetch]: fetchBy(http),
    // Tokens come over TLS from the issuer itself; that their signatures are checked as well costs one request.
    execute: [enableNonRepudiationChecks, ...(url.protocol === 'http:' ? [allowInsecureRequests] : [])],
  });
}

/** As the issuer says that it wants the secret; in the header where it does not say (RFC 8414, section 2). */
function authenticationWith(secret: string): ClientAuth {
  const [basic, post] = [ClientSecretBasic(secret), ClientSecretPost(secret)];
  return (server, ...rest) => {
    const { token_endpoint_auth_methods_supported: methods = ['client_secret_basic'] } = server;
    return (methods.includes('client_secret_basic') ? basic : post)(server, ...rest);
  };
}

/** Claims for roles are often behind a scope of their own name. */
function scopesFor({ roles }: OidcConfig, supported: readonly string[]): string {
  const claims = roles.map(({ claim }) => claim).filter((claim) => supported.includes(claim));
  return [...new Set(['openid', 'profile', 'email', ...claims])].join(' ');
}

/** Without an address that the identity provider has not verified: anybody could have written it there. */
function trusted({ email, ...others }: Claims): Claims {
  return others.email_verified === true ? { ...others, email } : others;
}

/** Marked by its claim: so nobody is taken for an API key, the program, or somebody named by another claim. */
function nameIn(claims: Claims): Person['name'] | null {
  for (const claim of ['email', 'preferred_username', 'sub']) {
    const value = claims[claim];
    const name = `${claim}:${value}`;
    if (typeof value === 'string' && /^[^\p{C}]+$/u.test(value) && name.length <= limits.personCharactersMax)
      return name;
  }
  return null;
}

/** The library's requests, over the one way out of the process. */
function fetchBy(http: Http): CustomFetch {
  return async (url, { method, headers, body, signal }) => {
    const posted = await http.post({
      url,
      method,
      headers: Object.entries(headers),
      body: await bytesOf(body),
      timeoutMs: limits.providerAnswerMs,
      responseBytesMax: limits.providerAnswerBytesMax,
      signal: signal ?? new AbortController().signal,
    });
    if (posted.is !== 'answered') throw new Error(posted.why);
    if (posted.truncated) throw new Error(`the answer is over ${limits.providerAnswerBytesMax} bytes`);
    const isEmpty = posted.status === 204 || posted.status === 304;
    return new Response(isEmpty ? null : Uint8Array.from(posted.body), {
      status: posted.status,
      headers: posted.headers.map(([name, value]): [string, string] => [name, value]),
    });
  };
}

async function bytesOf(body: Parameters<CustomFetch>[1]['body']): Promise<Uint8Array> {
  return new Uint8Array(await new Response(body ?? null).arrayBuffer());
}

/** With its cause, or the code that the identity provider gave. No token is in any of them. */
function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if ('error' in error && typeof error.error === 'string') return `${error.message}: ${error.error}`;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}
