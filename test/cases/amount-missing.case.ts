import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'a payment is told without its amount',
  does: [
    costs(8880),
    told('payment.succeeded', 'P1', { body: (body) => ({ ...body, amount_minor: undefined, currency: undefined }) }),
  ],
  gives: {
    order: { status: 'pending', captured_minor: 0 },
    sent: ['discrepancy_opened 0 CNY'],
    open: ['amount_missing'],
  },
};
