import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'one payment is told with two amounts, and the smaller counts until a person decides',
  does: [costs(8880), told('payment.succeeded', 'P1'), told('payment.succeeded', 'P1', { amount: 9990 })],
  gives: {
    order: { status: 'paid', captured_minor: 8880 },
    sent: ['success 8880 CNY', 'discrepancy_opened 8880 CNY'],
    open: ['fact_conflict'],
  },
};
