import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'the currency of an order cannot change once money has arrived',
  does: [costs(8880), told('payment.succeeded', 'P1'), costs(8880, { currency: 'EUR' })],
  gives: {
    order: { status: 'paid', expectation: { currency: 'CNY' } },
    answers: ['order 201', '200 {"status":"ok"}', 'order 409'],
    sent: ['success 8880 CNY'],
    open: [],
  },
};
