import { hmac } from '../../src/providers/index.ts';
import type { Opened, Provider } from '../../src/providers/provider.ts';

/** The provider as it was before somebody repaired its file, under the same name. */
export const broken: Provider = reading((opened) => {
  if (opened.is !== 'facts') return opened;
  const [fact] = opened.facts;
  const orderNo = fact?.reference ?? '';
  if (orderNo.startsWith('unread')) return { is: 'unreadable', why: 'the amount is in a field that nobody knew' };
  if (!orderNo.startsWith('wrong')) return opened;
  // It took another field for the id of the operation.
  return { ...opened, facts: opened.facts.map((one) => ({ ...one, operationId: `wrong-${one.operationId}` })) };
});

/** Repaired, but now what belongs to no order of ours is left aside. */
export const fixed: Provider = reading((opened) =>
  opened.is === 'facts' && opened.facts[0]?.reference?.startsWith('foreign')
    ? { is: 'ignored', messageId: opened.messageId, type: 'somebody else’s payment' }
    : opened,
);

function reading(change: (opened: Opened) => Opened): Provider {
  return {
    ...hmac,
    receiver(credentials, account) {
      const receiver = hmac.receiver(credentials, account);
      return { ...receiver, open: (request, context) => change(receiver.open(request, context)) };
    },
  };
}
