import { type Case, costs, minutes, told } from './words.ts';

export const story: Case = {
  says: 'the second of two payments is refunded, and the surplus is gone',
  does: [
    costs(8880),
    told('payment.succeeded', 'P1', { agoMs: minutes(1) }),
    told('payment.succeeded', 'P2'),
    told('refund.succeeded', 'P2', { operation: 'R1' }),
  ],
  gives: {
    order: { status: 'paid', refunded_minor: 8880 },
    sent: ['success 8880 CNY', 'discrepancy_opened 8880 CNY', 'refund 8880 CNY', 'discrepancy_resolved 8880 CNY'],
    open: [],
    ended: ['double_payment'],
  },
};
