import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'a refund that had succeeded comes back',
  does: [
    costs(8880),
    told('payment.succeeded', 'P1'),
    told('refund.succeeded', 'P1', { operation: 'R1' }),
    told('refund.bounced', 'P1', { operation: 'R1' }),
  ],
  gives: {
    order: { status: 'paid', refunded_minor: 0 },
    sent: ['success 8880 CNY', 'refund 8880 CNY', 'refund_bounced 8880 CNY', 'discrepancy_opened 8880 CNY'],
    open: ['refund_bounced'],
  },
};
