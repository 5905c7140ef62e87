import { type Case, closed, costs, later, resolved, seconds, told } from './words.ts';

export const story: Case = {
  says: 'a person undoes the close for a late payment',
  does: [costs(8880), closed, later(seconds(5)), told('payment.succeeded', 'P1'), resolved('late_payment', 'reopen')],
  gives: {
    order: { status: 'paid' },
    sent: ['discrepancy_opened 8880 CNY', 'success 8880 CNY'],
    open: [],
    ended: ['late_payment'],
  },
};
