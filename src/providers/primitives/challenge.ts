import { sign, verify } from 'node:crypto';
import type { Challenge, RawReply, RawRequest } from '../provider.ts';
import type { SecretField } from '../secret-field.ts';
import { concat, fromBase64, textOf, toBase64, utf8 } from './bytes.ts';
import { header } from './headers.ts';
import { hmacMatches, hmacSecret } from './hmac.ts';
import { isObject, parseJson, textAt } from './json.ts';
import { isSuccessStatus, post } from './replies.ts';
import { keysIn } from './secret-fields.ts';

// What a URL is asked before notifications go there, in formats that have no question of their own. For people who answer it:
// docs/guides/send-as-a-platform.md.

const signatureName = 'paidonce-challenge-signature';
const type = 'paidonce.challenge';
const form = /^t=(\d{1,12})((?:,[hs]=[A-Za-z0-9+/=]{1,2048}){1,16})$/;
const challengeForm = /^[0-9a-f]{20,64}$/;
const windowSeconds = 300;

/** Signed with every shared secret (`h`) and private key (`s`) among the credentials. */
export function plainChallenge(
  fields: readonly SecretField[],
  credentials: unknown,
  { challenge, now }: { challenge: string; now: number },
): Challenge {
  const body = utf8(JSON.stringify({ type, challenge }));
  const seconds = Math.floor(now / 1000);
  const text = signedText(seconds, body);
  const { secrets, privateKeys } = keysIn(fields, credentials);
  const signatures = [
    ...secrets.map((secret) => `h=${toBase64(hmacSecret(secret).digest(text))}`),
    // Once per change of a URL, so it need not leave the thread.
    ...privateKeys.map((key) => `s=${toBase64(sign(hashOf(key.asymmetricKeyType), text, key))}`),
  ];
  return {
    request: post('application/json', body, [[signatureName, [`t=${seconds}`, ...signatures].join(',')]]),
    isAnsweredBy: (reply) => isSuccessStatus(reply) && answerIn(reply.body) === challenge,
  };
}

/** The answer to such a challenge, where one that these credentials verify was asked; null for every other request. */
export function answerToChallenge(
  fields: readonly SecretField[],
  credentials: unknown,
  { headers, body }: RawRequest,
  now: number,
): RawReply | null {
  const [, seconds = '', list = ''] = form.exec(header(headers, signatureName) ?? '') ?? [];
  if (list === '' || Math.abs(now / 1000 - Number(seconds)) > windowSeconds) return null;
  const asked = parseJson(body);
  if ('why' in asked || textAt(asked.value, 'type') !== type) return null;
  const challenge = textAt(asked.value, 'challenge') ?? '';
  if (!challengeForm.test(challenge)) return null;
  const text = signedText(Number(seconds), body);
  const candidates = (kind: 'h' | 's') =>
    list.split(',').flatMap((part) => (part.startsWith(`${kind}=`) ? [fromBase64(part.slice(2))] : []));
  const { secrets, publicKeys } = keysIn(fields, credentials);
  const isOurs =
    hmacMatches(
      secrets.map((secret) => hmacSecret(secret)),
      text,
      candidates('h').filter((bytes) => bytes !== null),
    ) ||
    candidates('s').some((bytes) =>
      publicKeys.some((key) => bytes !== null && verify(hashOf(key.asymmetricKeyType), text, key, bytes)),
    );
  if (!isOurs) return null;
  return { status: 200, headers: [['content-type', 'application/json']], body: utf8(JSON.stringify({ challenge })) };
}

/** Begins with a word of its own, so that no callback of any format has the same signature. */
function signedText(seconds: number, body: Uint8Array): Uint8Array {
  return concat(`${type}.${seconds}.`, body);
}

/** The value as text, or alone in a JSON object: who only sends back what comes has not answered. */
function answerIn(body: Uint8Array): string | null {
  const text = textOf(body)?.trim() ?? '';
  if (challengeForm.test(text)) return text;
  const parsed = parseJson(body);
  if ('why' in parsed || !isObject(parsed.value) || Object.keys(parsed.value).length !== 1) return null;
  return textAt(parsed.value, 'challenge');
}

/** Ed25519 takes the text as it is. */
function hashOf(keyType: string | undefined): 'sha256' | null {
  return keyType === 'ed25519' ? null : 'sha256';
}
