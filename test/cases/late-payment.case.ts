import { type Case, closed, costs, later, seconds, told } from './words.ts';

export const story: Case = {
  says: 'money arrives after the merchant closed the order',
  does: [costs(8880), closed, later(seconds(5)), told('payment.succeeded', 'P1')],
  gives: {
    order: { status: 'paid', captured_minor: 8880 },
    sent: ['discrepancy_opened 8880 CNY'],
    open: ['late_payment'],
  },
};
