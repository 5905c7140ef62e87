import { type Case, costs, minutes, told } from './words.ts';

export const story: Case = {
  says: 'a refund arrives before its payment',
  does: [
    costs(8880),
    told('refund.succeeded', 'P1', { operation: 'R1', amount: 880 }),
    told('payment.succeeded', 'P1', { agoMs: minutes(5) }),
  ],
  gives: { order: { status: 'paid', captured_minor: 8880, refunded_minor: 880 }, open: [], ended: ['refund_exceeds'] },
};
