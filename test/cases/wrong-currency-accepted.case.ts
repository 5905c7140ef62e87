import { type Case, costs, resolved, told } from './words.ts';

export const story: Case = {
  says: 'a person takes the other currency as payment',
  does: [costs(8880), told('payment.succeeded', 'P1', { currency: 'USD' }), resolved('wrong_currency', 'accept')],
  gives: {
    order: { status: 'paid' },
    sent: ['discrepancy_opened 8880 USD', 'success 8880 USD'],
    open: [],
    ended: ['wrong_currency'],
  },
};
