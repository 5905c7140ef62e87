import { type Case, costs, minutes, told } from './words.ts';

export const story: Case = {
  says: 'the platform tells of a failed try of the payment that succeeded',
  does: [
    costs(8880),
    told('payment.succeeded', 'P1'),
    told('payment.failed', 'P1', { operation: 'try-1', agoMs: minutes(5) }),
  ],
  gives: {
    order: { status: 'paid', captured_minor: 8880 },
    verdicts: ['verified', 'verified'],
    sent: ['success 8880 CNY'],
    open: [],
  },
};
