import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'a refund does not go through',
  does: [
    costs(8880),
    told('payment.succeeded', 'P1'),
    told('refund.pending', 'P1', { operation: 'R1' }),
    told('refund.failed', 'P1', { operation: 'R1' }),
  ],
  gives: {
    order: { status: 'paid', refunded_minor: 0 },
    sent: ['success 8880 CNY', 'refund_pending 8880 CNY', 'refund_failed 8880 CNY'],
    open: [],
  },
};
