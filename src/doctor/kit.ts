import type { Clock, Instant } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { asId, merchantId, newId, type Random } from '../domain/ids.ts';
import type { Notification } from '../domain/notification.ts';
import type { Opened, Provider, Sender } from '../providers/provider.ts';
import type { Attack, Kit } from './attacks.ts';
import { withSecretsOf } from './forgery.ts';

export interface KitOptions {
  provider: Provider;
  clock: Clock;
  random: Random;
}

/**
 * The kit for a target whose endpoint credentials these are; `strange` are somebody else's.
 *
 * @throws AppError `account.credentials`
 */
export function createKit(
  credentials: unknown,
  strange: unknown,
  options: KitOptions,
): Kit & { judge: Sender['judge'] } {
  const { provider, clock, random } = options;
  const genuine = senderOf(provider, credentials);
  const stranger = senderOf(provider, withSecretsOf(Object(strange), Object(credentials)) ?? strange);
  const outsider = senderOf(provider, strange);
  const seal = async (sender: Sender, changes: Partial<Notification> = {}, now: Instant = clock.now()) =>
    sender.seal({ ...sampleOf(options), ...changes }, { now, publicUrl: 'https://localhost', random });
  return {
    profile: provider.profile,
    now: clock.now(),
    genuine: (changes, now) => seal(genuine, changes, now),
    stranger: (changes) => seal(stranger, changes),
    outsider: (changes) => seal(outsider, changes),
    judge: (answer) => genuine.judge(answer),
  };
}

/**
 * Whether an attack is one in this format: made with known secrets, the format's own receiver refuses it. So a stale notification is
 * no attack where the format has no time, nor JSON written otherwise where only fields are signed.
 */
export function createReference(
  credentials: unknown,
  strange: unknown,
  options: KitOptions,
): (attack: Attack) => Promise<boolean> {
  const { provider, clock, random } = options;
  const { account, endpoint } = pairOf(options);
  const settings = settingsIn(Object(credentials), Object(account), provider);
  const kit = createKit({ ...Object(endpoint), ...settings }, strange, options);
  const receiver = provider.receiver(
    { ...Object(account), ...settings },
    { id: asId.account('acc_reference'), mode: 'live' },
  );
  return async (attack) => {
    if (attack.way !== undefined) return true;
    const request = await attack.make(kit);
    if (request === null) return false;
    return isRefused(receiver.open(request, { now: clock.now(), publicUrl: 'https://localhost', random }));
  };
}

/** What the target's credentials set beside the secrets, such as a replay window, where a receiver takes it too. */
function settingsIn(credentials: object, account: object, provider: Provider): object {
  const settings = Object.entries(credentials).filter(
    ([name, value]) =>
      !(name in account) && provider.accountCredentials.safeParse({ ...account, [name]: value }).success,
  );
  return Object.fromEntries(settings);
}

/** Made-up credentials of both sides. @throws AppError `provider.unknown` */
export function pairOf({ provider, random }: KitOptions): { account: unknown; endpoint: unknown } {
  const pair = provider.pair?.(random);
  if (pair === undefined) throw new AppError('provider.unknown', `there are no samples of ${provider.name}`);
  return pair;
}

function isRefused({ is }: Opened): boolean {
  return is === 'refused' || is === 'unknown_key' || is === 'unreadable';
}

/** @throws AppError `account.credentials` */
export function senderOf(provider: Provider, credentials: unknown): Sender {
  const parsed = provider.endpointCredentials.safeParse(credentials);
  if (parsed.success) return provider.sender(credentials);
  const fields = parsed.error.issues.map(({ path, message }) => `/${path.join('/')} ${message}`).join('; ');
  throw new AppError('account.credentials', `what an endpoint of ${provider.name} seals with: ${fields}`);
}

/** A payment of an order that no shop has. */
function sampleOf({ provider, clock, random }: KitOptions): Notification {
  const { types, currencies } = provider.profile;
  const now = clock.now();
  const chance = Buffer.from(random(8)).toString('hex');
  const type = types.find((one) => one === 'payment.succeeded') ?? types[0] ?? 'payment.succeeded';
  return {
    id: newId('ntf', now, 0, random),
    merchant: merchantId('doctor'),
    type,
    orderNo: asId.orderNo(`doctor-${chance}`),
    sequence: 1,
    cause: 'doctor',
    amountMinor: 100n,
    currency: currencies?.includes('CNY') === false ? (currencies[0] ?? 'USD') : 'CNY',
    paymentId: `doctor_${chance}`,
    operationId: `doctor_${chance}`,
    orderAmountMinor: 100n,
    refundedTotalMinor: null,
    occurredAt: now - 1000,
    createdAt: now,
    data: null,
  };
}
