import { type Case, costs, later, minutes, opened, told } from './words.ts';

export const story: Case = {
  says: 'the missing rest arrives after all',
  does: [
    costs(8880, { withinMs: minutes(10) }),
    told('payment.succeeded', 'P1', { amount: 5000 }),
    later(minutes(11)),
    opened('underpaid'),
    told('payment.succeeded', 'P2', { amount: 3880 }),
  ],
  gives: {
    order: { status: 'paid', captured_minor: 8880 },
    sent: ['discrepancy_opened 5000 CNY', 'success 8880 CNY', 'discrepancy_resolved 5000 CNY'],
    open: [],
    ended: ['underpaid'],
  },
};
