import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'a payment arrives for an order that was announced',
  does: [costs(8880), told('payment.succeeded', 'P1')],
  gives: {
    order: { status: 'paid', captured_minor: 8880, overpaid_minor: 0 },
    answers: ['order 201', '200 {"status":"ok"}'],
    verdicts: ['verified'],
    sent: ['success 8880 CNY'],
    open: [],
    timeline: ['expectation', 'callback', 'fact', 'notification'],
  },
};
