import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { asId } from '../../src/domain/ids.ts';
import { notificationTypes } from '../../src/domain/notification.ts';
import type { Outcome, Provider, RawReply, Side } from '../../src/providers/provider.ts';
import { oddities, oddityNames } from '../../src/sandbox/oddities.ts';
import { durationText } from './duration.ts';

const root = new URL('../../', import.meta.url);
const border = '<!-- Below: written from the provider, by `npx vitest run test/server/reference.test.ts -u`. -->';
const outcomes: readonly (readonly [Outcome, string])[] = [
  ['accepted', 'taken, or had already'],
  ['ignored', 'of a type that is ignored'],
  ['unreadable', 'authentic, and unreadable'],
  ['refused', 'a wrong signature'],
  ['try_later', 'try again later'],
];
const calls = {
  query: 'payments are asked for',
  refund: 'refunds are made',
  close: 'unpaid payments are closed',
  fetchKeys: 'keys that are missing are fetched',
  statement: 'bills are fetched',
} as const;

/** Where the page of a provider is, from the root. */
export function pathOfPage(provider: Provider): string {
  return `docs/reference/providers/${provider.name}.md`;
}

/** The page with its upper half, which a person wrote, as it stands, and the lower one anew. */
export function providerPage(provider: Provider): string {
  const [byHand = ''] = readFileSync(new URL(pathOfPage(provider), root), 'utf8').split(border);
  const { profile } = provider;
  const unconfirmed = profile.unconfirmed.map((what) => `- ${what}`);
  return `${byHand.trimEnd()}

${border}

## Ids

${headOf(provider.name)}

## Credentials

| field | account | endpoint | holds |
|---|---|---|---|
${fieldRows(provider).join('\n')}

${endpointText(provider)}

## Callbacks

${factsOf(provider).join('\n')}

| a callback that is | is answered |
|---|---|
${answerRows(provider).join('\n')}

## Try it

${trialOf(provider)}

## Unconfirmed

${unconfirmed.length === 0 ? 'Nothing.' : unconfirmed.join('\n')}
`;
}

/** What the provider's file says of itself, the sources first. */
function headOf(name: string): string {
  const source = readFileSync(new URL(`src/providers/${name}.ts`, root), 'utf8');
  const [, comment] = /^\/\*\*\n((?: \*.*\n)+?) \*\/\n/.exec(source) ?? [];
  if (comment === undefined) throw new Error(`${name}.ts says nothing of its ids`);
  return comment
    .split('\n')
    .map((line) => line.replace(/^ \* ?/, ''))
    .join('\n')
    .trim();
}

function fieldRows(provider: Provider): string[] {
  const [account, endpoint] = [fieldsOf(provider, 'account'), fieldsOf(provider, 'endpoint')];
  const names = new Set([...account.keys(), ...endpoint.keys()]);
  return [...names].map((name) => {
    const [ours, theirs] = [account.get(name), endpoint.get(name)];
    return `| \`${name}\` | ${ours?.need ?? ''} | ${theirs?.need ?? ''} | ${(ours ?? theirs)?.holds} |`;
  });
}

const objectSchema = z.object({
  properties: z.record(
    z.string(),
    z.looseObject({ enum: z.array(z.string()).optional(), const: z.unknown().optional(), type: z.string().optional() }),
  ),
  required: z.array(z.string()).optional(),
});

const plainTypes: Readonly<Record<string, string>> = { string: 'text', array: 'a list of texts' };

function fieldsOf(provider: Provider, side: Side): Map<string, { need: string; holds: string }> {
  const schema = side === 'account' ? provider.accountCredentials : provider.endpointCredentials;
  const { properties, required = [] } = objectSchema.parse(
    z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
  );
  const secrets = new Map(provider.secretFields(side).map((secret) => [secret.field, secret]));
  return new Map(
    Object.entries(properties).map(
      ([name, { const: word, enum: words = typeof word === 'string' ? [word] : [], type = '' }]) => {
        const secret = secrets.get(name);
        const shape = type === 'array' ? ', a list' : type === 'object' ? ', each by its name' : '';
        const plain = words.length > 0 ? words.map((one) => `\`${one}\``).join(' or ') : (plainTypes[type] ?? type);
        const holds = secret === undefined ? plain : `${secret.kind.replace('_', ' ')}${shape}: ${secret.says}`;
        return [name, { need: required.includes(name) ? 'needed' : 'optional', holds }];
      },
    ),
  );
}

function endpointText({ generate, keyPair, profile }: Provider): string {
  const made =
    generate === undefined
      ? 'You bring those of an endpoint.'
      : 'The server makes those of an endpoint where none are given.';
  const pair =
    keyPair === undefined ? '' : ' The server can make a pair of keys: see [secrets](../../guides/secrets.md).';
  const signs = profile.rotation === 'all_sign' ? 'All current secrets sign.' : 'The first secret signs.';
  return `${made}${pair} ${signs}`;
}

function factsOf(provider: Provider): string[] {
  const { profile, readStatement, client } = provider;
  const isEvery = profile.types.length === notificationTypes.length;
  const asked = callsOf(provider);
  return [
    `- **Deadline**: ${durationText(profile.deadlineMs)}`,
    `- **Schedule**: ${profile.schedule.map(durationText).join(', ')}`,
    ...(profile.givesUpOnTimeout ? ['- **Lost**: what is not answered in time is never sent again'] : []),
    `- **Can say**: ${isEvery ? 'every type' : codes(profile.types)}`,
    `- **Currencies**: ${profile.currencies === undefined ? 'all of ISO 4217' : profile.currencies.join(', ')}`,
    `- **Methods**: ${profile.methods.join(', ')}`,
    ...(profile.singleHeaders.length === 0 ? [] : [`- **Must not come twice**: ${codes(profile.singleHeaders)}`]),
    ...(profile.signsUrl ? ['- **Signed**: the URL of the callback too'] : []),
    ...(profile.unsigned === undefined
      ? []
      : [`- **Not signed**: ${profile.unsigned.why}; \`accept_risk\` takes \`${profile.unsigned.risk}\``]),
    ...(client === undefined
      ? ['- **By its API**: nothing']
      : [`- **By its API**: ${asked.length === 0 ? 'see *Asking*' : asked.join(', ')}, if the credentials suffice`]),
    ...(readStatement ? [`- **Bill**: is [read](../statements.md), by days of ${profile.statementZone}`] : []),
  ];
}

function codes(texts: readonly string[]): string {
  return texts.map((text) => `\`${text}\``).join(' ');
}

/** What a client of made-up credentials can do; nothing where it needs more than these. */
function callsOf(provider: Provider): string[] {
  const { client, pair } = made(provider);
  const able = client?.(pair.account, {
    account: receiverAccount,
    http: { send: () => Promise.reject(new Error('nobody is asked')), async *stream() {} },
    now: () => 0,
    random: randomBytes,
  });
  return Object.entries(calls).flatMap(([call, text]) => (able !== undefined && call in able ? [text] : []));
}

const receiverAccount = { id: asId.account('acc_0'), mode: 'test' } as const;

function made({ name, pair, client }: Provider) {
  if (pair === undefined) throw new Error(`${name} makes no pair of credentials`);
  return { pair: pair(randomBytes), client };
}

function answerRows(provider: Provider): string[] {
  const receiver = provider.receiver(made(provider).pair.account, receiverAccount);
  const request = { method: 'POST', target: '/', headers: [], body: new Uint8Array() };
  const context = { now: 0, publicUrl: 'https://shop.example.com', random: randomBytes };
  return outcomes.map(([outcome, text]) => {
    const code = outcome === 'refused' ? 'signature.mismatch' : undefined;
    return `| ${text} | ${replyText(receiver.acknowledge(outcome, request, context, code))} |`;
  });
}

function replyText({ status, body }: RawReply): string {
  return body.length === 0 ? `${status}` : `${status} \`${Buffer.from(body).toString()}\``;
}

function trialOf({ name, profile }: Provider): string {
  const odd = oddityNames.filter((oddity) => oddities[oddity].provider === name);
  const currency = profile.currencies?.[0];
  const command = `npx paidonce trigger http://127.0.0.1:3000/callback --provider ${name}${currency === undefined ? '' : ` --currency ${currency}`}`;
  return `With \`npx paidonce dev\` running ([the guide](../../guides/try-callbacks-on-your-laptop.md)): what your code opens callbacks with,
a payment at your callback URL, and one that you move yourself, at the \`cashier_url\` of the answer.

\`\`\`sh
curl -sS -H "authorization: Bearer $(cat data/admin.key)" http://127.0.0.1:7700/sandbox/credentials/${name}
${[command, ...odd.map((oddity) => `${command} --oddity ${oddity}`)].join('\n')}
curl -sS -H "authorization: Bearer $(cat data/admin.key)" -H 'content-type: application/json' http://127.0.0.1:7700/sandbox/payments -d '{
  "provider": "${name}", "order_no": "ORDER-7", "amount_minor": 8800, "currency": "${currency ?? 'EUR'}", "notify_url": "http://127.0.0.1:3000/callback"
}'
\`\`\``;
}
