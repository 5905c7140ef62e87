import { type Case, costs, later, minutes, opened, told } from './words.ts';

export const story: Case = {
  says: 'less than the order costs arrived when its time was over',
  does: [
    costs(8880, { withinMs: minutes(10) }),
    told('payment.succeeded', 'P1', { amount: 5000 }),
    later(minutes(11)),
    opened('underpaid'),
  ],
  gives: {
    order: { status: 'underpaid', captured_minor: 5000 },
    sent: ['discrepancy_opened 5000 CNY'],
    open: ['underpaid'],
  },
};
