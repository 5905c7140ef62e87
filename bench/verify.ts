import { createHmac, createSecretKey, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { providers } from 'paidonce/providers';
import type { Line } from './report.ts';

type Provider = (typeof providers)[number];
type Sender = ReturnType<Provider['sender']>;

const warmUp = 1000;
const runs = 5000;
const now = 1_767_579_693_000;
const context = { now, publicUrl: 'https://pay.example.com', random: randomBytes };

/** What one thread needs to open a genuine callback of each provider, the key objects made before, beside what no code can save. */
export async function verification(): Promise<Line[]> {
  const lines: Line[] = [];
  for (const provider of providers) {
    const pair = provider.pair?.(randomBytes);
    if (pair === undefined) throw new Error(`${provider.name} makes no credentials`);
    const receiver = provider.receiver(pair.account, { id: 'acc_bench', mode: 'live' } as never);
    const request = await provider.sender(pair.endpoint).seal(notificationFor(provider), context);
    const opened = receiver.open(request, context);
    if (opened.is !== 'facts' && opened.is !== 'ping') throw new Error(`${provider.name} opens as ${opened.is}`);
    const openUs = medianUs(() => receiver.open(request, context));
    const isAsymmetric = provider.secretFields('endpoint').some(({ kind }) => kind === 'private_key');
    const isRsa = isAsymmetric && provider.generate === undefined;
    const floorUs = medianUs(isRsa ? rsaFloor(request.body) : hmacFloor(request.body));
    const bare = `${isRsa ? 'RSA-SHA256' : 'HMAC-SHA256'} of the body alone ${floorUs.toFixed(1)} µs`;
    lines.push({
      what: `verify (${provider.name})`,
      cpuUs: openUs,
      note: `${request.body.length} bytes; ${bare}`,
    });
  }
  return lines;
}

function hmacFloor(body: Uint8Array): () => void {
  const secret = createSecretKey(randomBytes(32));
  return () => createHmac('sha256', secret).update(body).digest();
}

function rsaFloor(body: Uint8Array): () => void {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signature = sign('sha256', body, privateKey);
  return () => verify('sha256', body, publicKey, signature);
}

function medianUs(run: () => void): number {
  for (let count = 0; count < warmUp; count += 1) run();
  const times = Array.from({ length: runs }, () => {
    const began = process.hrtime.bigint();
    run();
    return Number(process.hrtime.bigint() - began) / 1000;
  });
  return times.sort((one, other) => one - other)[runs / 2] ?? Number.NaN;
}

function notificationFor({ name, profile }: Provider): Parameters<Sender['seal']>[0] {
  const currency = profile.currencies?.[0] ?? 'USD';
  return {
    id: 'ntf_00000000000000000000000000',
    merchant: 'shop',
    type: 'payment.succeeded',
    orderNo: 'ORDER-20260105-0001',
    sequence: 1,
    paymentId: name === 'mollie' ? 'tr_1' : '4200002026010500000000000001',
    operationId: name === 'mollie' ? 'tr_1' : '4200002026010500000000000001',
    cause: '1',
    createdAt: now,
    amountMinor: 888_000n,
    currency,
    orderAmountMinor: 888_000n,
    refundedTotalMinor: null,
    occurredAt: now,
    data: null,
  } as never;
}
