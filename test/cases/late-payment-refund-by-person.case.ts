import { type Case, closed, costs, later, resolved, seconds, told } from './words.ts';

export const story: Case = {
  says: 'a person refunds a late payment, and never more than there is',
  does: [
    costs(8880),
    closed,
    later(seconds(5)),
    told('payment.succeeded', 'P1'),
    resolved('late_payment', 'refund', 8881),
    resolved('late_payment', 'refund', 8880),
    { is: 'wait', until: ({ timeline }) => timeline.some(({ text }) => text.includes('refund_given_up')) },
    told('refund.succeeded', 'P1', { operation: 'R1' }),
  ],
  gives: {
    order: { refunded_minor: 8880 },
    open: [],
    ended: ['late_payment'],
    timeline: ['discrepancy.refund by ', 'discrepancy.refund_given_up by refund', 'late_payment resolved'],
  },
};
