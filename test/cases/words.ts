import type { NotificationType } from '../../src/domain/notification.ts';
import type { RawRequest } from '../../src/providers/provider.ts';

/** A story of the field: what happens, in order, and what must be there at the end. */
export interface Case {
  /** One sentence, as a payments person would say it. */
  says: string;
  policies?: Readonly<Record<string, string | number>>;
  /** Accounts beside `main`, which is an `hmac` one, live, that parks what it does not know; or `main` itself, otherwise. */
  accounts?: Readonly<Record<string, AccountSettings>>;
  does: readonly Step[];
  gives: Expected;
  /** What comes in twice is not what it was (a nonce, a changed secret): the copies at the end are left out. */
  once?: true;
}

interface AccountSettings {
  by?: string;
  mode?: 'live' | 'test';
  without_order?: 'park' | 'accept';
  credentials?: object;
  /** Its platform can be asked: the sandbox, which knows of no payment. */
  answers?: true;
}

/** Amounts are in minor units (8880 = 88.80); without a currency, CNY. */
export type Step =
  | {
      is: 'order';
      /** Its number; default: the case's own. */
      order?: string;
      costs: number;
      currency?: string;
      on?: readonly string[];
      references?: readonly string[];
      payee?: string;
      withinMs?: number;
    }
  | ({ is: 'callback' } & Callback)
  /** Yesterday's bill of the platform is reconciled: what it lists happened at its noon. The account is one of `wechatpay`. */
  | { is: 'bill'; rows: readonly Billed[]; on?: string }
  | { is: 'close' }
  | { is: 'confirm'; operation: string; amount: number; currency?: string; on?: string; override?: true }
  | { is: 'resolve'; kind: string; action: string; amount?: number }
  | { is: 'secrets'; credentials: object }
  | { is: 'later'; ms: number }
  | { is: 'wait'; until: (given: Given) => boolean };

/** A row of a bill, of the case's own order. */
export interface Billed {
  kind: 'captured' | 'refunded' | 'closed';
  of: string;
  amount?: number;
}

export interface Callback {
  type: NotificationType;
  /** The provider's payment. */
  of: string;
  /** Default: the payment itself. */
  operation?: string;
  amount?: number;
  currency?: string;
  /** Of a refund: what is refunded of the payment so far. */
  total?: number;
  /** The order that it names; default: the case's own. */
  order?: string;
  /** The account that it is sent to; default: `main`. */
  on?: string;
  /** How long ago it happened, by the provider's word. */
  agoMs?: number;
  /** It happened when the rows of a bill did. */
  atNoon?: true;
  copies?: number;
  /** The id of the message, where the format has one. */
  message?: string;
  /** Changes of what the platform seals with. */
  seal?: object;
  /** What the platform really says, signed as it does: `hmac` and `stripe` alone. */
  body?: string | ((body: Record<string, unknown>) => object);
  /** The nonce that the one before had too. */
  sameNonce?: true;
  /** How long ago it was sealed. */
  sealedAgoMs?: number;
  /** What becomes of the request on its way. */
  broken?: (request: RawRequest) => RawRequest;
}

/** What can be seen of a case from outside. */
export interface Given {
  order: Record<string, unknown>;
  /** To callbacks and to what a person did, in order. */
  answers: readonly string[];
  /** Of the callbacks that were kept, in order. */
  verdicts: readonly string[];
  /** What the merchant's own backend heard. */
  sent: readonly string[];
  /** Kinds of discrepancies. */
  open: readonly string[];
  /** Those that were resolved, accepted or ignored. */
  ended: readonly string[];
  timeline: readonly { what: string; text: string; why: string }[];
  /** Every reason that Paidonce gives in words of its own. */
  whys: readonly string[];
}

export type Expected = Partial<Omit<Given, 'order' | 'timeline' | 'whys'>> & {
  /** Fields of the order as the API gives it; absent: there is no order. */
  order?: Record<string, unknown>;
  /** Lines of the timeline, or parts of them, in this order. */
  timeline?: readonly string[];
};

const [second, minute, hour] = [1000, 60_000, 3_600_000] as const;

/** The order costs so much, as its merchant says. */
export const costs = (amount: number, more: Omit<Extract<Step, { is: 'order' }>, 'is' | 'costs'> = {}): Step => ({
  is: 'order',
  costs: amount,
  ...more,
});

/** The platform tells something of a payment. */
export const told = (type: NotificationType, of: string, more: Partial<Callback> = {}): Step => ({
  is: 'callback',
  type,
  of,
  ...more,
});

/** Yesterday's bill lists these rows and no others. */
export const billed = (...rows: readonly Billed[]): Step => ({ is: 'bill', rows });
export const closed: Step = { is: 'close' };
export const confirmed = (
  operation: string,
  amount: number,
  more: Pick<Extract<Step, { is: 'confirm' }>, 'on' | 'override'> = {},
): Step => ({
  is: 'confirm',
  operation,
  amount,
  ...more,
});
export const resolved = (kind: string, action: string, amount?: number): Step => ({
  is: 'resolve',
  kind,
  action,
  ...(amount === undefined ? {} : { amount }),
});
export const seconds = (count: number) => count * second;
export const minutes = (count: number) => count * minute;
export const hours = (count: number) => count * hour;
export const later = (ms: number): Step => ({ is: 'later', ms });
/** Waits until a discrepancy of this kind is open: time alone opens some. */
export const opened = (kind: string): Step => ({ is: 'wait', until: ({ open }) => open.includes(kind) });

/** The same request with another body. */
export const rewritten =
  (change: (text: string) => string) =>
  (request: RawRequest): RawRequest => ({
    ...request,
    body: Buffer.from(change(Buffer.from(request.body).toString())),
  });
