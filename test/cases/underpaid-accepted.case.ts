import { type Case, costs, later, minutes, opened, resolved, told } from './words.ts';

export const story: Case = {
  says: 'a person takes less as payment in full',
  does: [
    costs(8880, { withinMs: minutes(10) }),
    told('payment.succeeded', 'P1', { amount: 5000 }),
    later(minutes(11)),
    opened('underpaid'),
    resolved('underpaid', 'accept'),
  ],
  gives: {
    order: { status: 'paid', captured_minor: 5000 },
    sent: ['discrepancy_opened 5000 CNY', 'success 5000 CNY'],
    open: [],
    ended: ['underpaid'],
  },
};
