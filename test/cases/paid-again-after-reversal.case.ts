import { type Case, costs, minutes, told } from './words.ts';

export const story: Case = {
  says: 'the buyer pays again after a reversal',
  does: [
    costs(8880),
    told('payment.succeeded', 'P1', { agoMs: minutes(5) }),
    told('payment.reversed', 'P1', { agoMs: minutes(4) }),
    told('payment.succeeded', 'P2'),
  ],
  gives: {
    order: { status: 'paid', captured_minor: 17_760, reversed_minor: 8880 },
    sent: [
      'success 8880 CNY',
      'reversed 8880 CNY',
      'discrepancy_opened 8880 CNY',
      'success 8880 CNY',
      'discrepancy_resolved 8880 CNY',
    ],
    open: [],
    ended: ['reversed_after_paid'],
  },
};
