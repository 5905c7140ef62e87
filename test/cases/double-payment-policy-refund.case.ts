import { type Case, costs, minutes, told } from './words.ts';

export const story: Case = {
  says: 'the policy refunds the second of two payments, where no API can: a person has to',
  policies: { double_payment: 'refund' },
  does: [
    costs(8880),
    told('payment.succeeded', 'P1', { agoMs: minutes(1) }),
    told('payment.succeeded', 'P2'),
    { is: 'wait', until: ({ timeline }) => timeline.some(({ text }) => text.includes('refund_given_up')) },
  ],
  gives: {
    order: { status: 'paid', refunded_minor: 0 },
    open: ['double_payment'],
    timeline: ['discrepancy.refund by policy', 'discrepancy.refund_given_up by refund'],
  },
};
