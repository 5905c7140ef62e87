import { type Case, costs, hours, told } from './words.ts';

export const story: Case = {
  says: 'the buyer disputes what was refunded before',
  does: [
    costs(8880),
    told('payment.succeeded', 'P1', { agoMs: hours(2) }),
    told('refund.succeeded', 'P1', { operation: 'R1', agoMs: hours(1) }),
    told('dispute.opened', 'P1', { operation: 'D1' }),
  ],
  gives: { order: { disputed_minor: 8880, refunded_minor: 8880 }, open: ['dispute_after_refund'] },
};
