import { AppError } from '../domain/errors.ts';
import type { CallbackId, Random } from '../domain/ids.ts';
import type { Account } from '../domain/merchant.ts';
import type { Context, Receiver, Reference } from '../providers/provider.ts';
import type { Store } from '../stores/store.ts';

/** What a kept callback makes us ask its provider. */
export interface ReadBack {
  references: readonly Reference[];
  /** It told facts, which the provider has to tell as well; false: it only said that something changed. */
  tellsFacts: boolean;
}

export interface ReadBackDependencies {
  store: Pick<Store, 'read'>;
  publicUrl: string;
  random: Random;
  receiver(account: Account): Receiver;
}

/**
 * Opens the kept bytes of a callback again, as at the time of its receipt, for what there is to ask. Null: there is no such callback,
 * or nothing is to be asked for it.
 *
 * @throws AppError `account.credentials` where the present credentials do not open it.
 */
export async function readBackOf(
  { store, publicUrl, random, receiver }: ReadBackDependencies,
  id: CallbackId,
  account: Account,
): Promise<ReadBack | null> {
  const callback = await store.read('callback', id);
  if (callback === null) return null;
  const { receivedAt } = callback;
  const context: Context = { now: receivedAt, receivedAt, publicUrl, random };
  const opened = receiver(account).open(callback, context);
  switch (opened.is) {
    case 'facts':
      return { tellsFacts: true, references: opened.facts.map(referenceOf) };
    case 'ping':
      return { tellsFacts: false, references: opened.references };
    case 'unknown_key':
    case 'refused':
      throw new AppError('account.credentials', `the present credentials do not open it: ${opened.why}`);
    default:
      return null;
  }
}

/** A format that names no payment gives it the order's number. */
function referenceOf({
  reference,
  paymentId,
  operationId,
}: {
  reference: string | null;
  paymentId: string;
  operationId: string;
}): Reference {
  return { reference, paymentId: paymentId.startsWith('order:') ? null : paymentId, operationId };
}
