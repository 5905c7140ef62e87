import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

export interface Issuer {
  url: string;
  client: { clientId: string; clientSecret: string };
  /** What is said of whoever signs in next. */
  says: Says;
  stop(): Promise<void>;
}

export interface Says {
  claims: Record<string, unknown>;
  /** In place of a code. */
  error?: string;
  /** In place of the signature that fits. */
  signature?: 'none' | 'of another key';
  authentication?: 'client_secret_basic' | 'client_secret_post';
  /** Put over the metadata. */
  metadata?: Record<string, unknown>;
}

interface Request {
  redirectUri: string;
  nonce: string;
  challenge: string;
}

/** A small OpenID provider on loopback: everybody who comes is let through at once, as `says` says. */
export async function startIssuer(): Promise<Issuer> {
  const client = { clientId: 'paidonce', clientSecret: 'secret of the client' };
  const says: Says = { claims: {} };
  const keys = [newKeys(), newKeys()] as const;
  const codes = new Map<string, Request>();
  const server = createServer(async (incoming, outgoing) => {
    const url = new URL(incoming.url ?? '', issuer());
    const json = (value: unknown, status = 200) =>
      outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return json(metadataOf(issuer(), says));
      case '/jwks':
        return json({ keys: [{ ...keys[0].publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256' }] });
      case '/authorize': {
        const code = randomUUID();
        codes.set(code, requestOf(url.searchParams));
        const back = new URL(url.searchParams.get('redirect_uri') ?? '');
        back.searchParams.set('state', url.searchParams.get('state') ?? '');
        if (says.error === undefined) back.searchParams.set('code', code);
        else back.searchParams.set('error', says.error);
        return outgoing.writeHead(302, { location: back.href }).end();
      }
      case '/token': {
        const asked = new URLSearchParams(await text(incoming));
        const request = codes.get(asked.get('code') ?? '');
        codes.delete(asked.get('code') ?? '');
        if (!isOurClient(incoming, asked, says, client)) return json({ error: 'invalid_client' }, 401);
        if (request === undefined || !fits(request, asked)) return json({ error: 'invalid_grant' }, 400);
        const seconds = Math.floor(Date.now() / 1000);
        const usual = { iss: issuer(), aud: client.clientId, sub: 'user-1', iat: seconds, exp: seconds + 60 };
        const token = { ...usual, nonce: request.nonce, ...says.claims };
        const { privateKey } = keys[says.signature === 'of another key' ? 1 : 0];
        const idToken = says.signature === 'none' ? unsigned(token) : signed(token, privateKey);
        return json({ access_token: 'access', token_type: 'Bearer', expires_in: 60, id_token: idToken });
      }
      default:
        return json({}, 404);
    }
  });
  const issuer = () => {
    const address = server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: issuer(),
    client,
    says,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function metadataOf(issuer: string, { authentication = 'client_secret_basic', metadata = {} }: Says) {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    scopes_supported: ['openid', 'email', 'profile', 'groups'],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: [authentication],
    ...metadata,
  };
}

function requestOf(asked: URLSearchParams): Request {
  const text = (name: string) => asked.get(name) ?? '';
  return { redirectUri: text('redirect_uri'), nonce: text('nonce'), challenge: text('code_challenge') };
}

/** By the one way that the metadata names. */
function isOurClient(incoming: IncomingMessage, asked: URLSearchParams, says: Says, client: Issuer['client']): boolean {
  const { clientId, clientSecret } = client;
  if (says.authentication === 'client_secret_post')
    return asked.get('client_id') === clientId && asked.get('client_secret') === clientSecret;
  const basic = [clientId, clientSecret].map((part) => new URLSearchParams({ part }).toString().slice('part='.length));
  return incoming.headers.authorization === `Basic ${Buffer.from(basic.join(':')).toString('base64')}`;
}

function fits({ redirectUri, challenge }: Request, asked: URLSearchParams): boolean {
  const verifier = asked.get('code_verifier') ?? '';
  const isSame = createHash('sha256').update(verifier).digest('base64url') === challenge;
  return isSame && asked.get('redirect_uri') === redirectUri;
}

function newKeys() {
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

function signed(token: object, key: ReturnType<typeof newKeys>['privateKey']): string {
  const content = `${part({ alg: 'RS256', kid: 'one', typ: 'JWT' })}.${part(token)}`;
  return `${content}.${sign('sha256', Buffer.from(content), key).toString('base64url')}`;
}

function unsigned(token: object): string {
  return `${part({ alg: 'none', typ: 'JWT' })}.${part(token)}.`;
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
