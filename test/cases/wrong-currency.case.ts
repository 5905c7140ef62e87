import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'money arrives in another currency than the order has',
  does: [costs(8880), told('payment.succeeded', 'P1', { currency: 'USD' })],
  gives: {
    order: { status: 'pending', captured_minor: 0 },
    sent: ['discrepancy_opened 8880 USD'],
    open: ['wrong_currency'],
  },
};
