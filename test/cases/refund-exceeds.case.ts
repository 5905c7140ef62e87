import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'more is refunded than was captured',
  does: [
    costs(8880),
    told('payment.succeeded', 'P1'),
    told('refund.succeeded', 'P1', { operation: 'R1', amount: 9880 }),
  ],
  gives: {
    order: { status: 'paid', refunded_minor: 9880 },
    sent: ['success 8880 CNY', 'refund 9880 CNY', 'discrepancy_opened 1000 CNY'],
    open: ['refund_exceeds'],
  },
};
